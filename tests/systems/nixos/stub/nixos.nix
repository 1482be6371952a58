# The options of NixOS that nix/ sets, as far as a wrong shape would be noticed: NixOS itself needs a whole nixpkgs.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkOption types;
  option = type: mkOption { inherit type; };
  list = of: mkOption { type = types.listOf of; default = [ ]; };
  flag = mkOption { type = types.bool; default = false; };
  free = options: types.submodule { freeformType = types.attrsOf types.anything; inherit options; };
  set = options: mkOption { type = types.attrsOf (free options); default = { }; };
  unit = {
    serviceConfig = mkOption { type = types.attrsOf types.anything; default = { }; };
    unitConfig = mkOption { type = types.attrsOf types.anything; default = { }; };
    path = list types.package;
    wantedBy = list types.str;
  };
in
{
  options = {
    assertions = list types.anything;
    boot.isContainer = flag;
    boot.initrd.availableKernelModules = list types.str;
    environment.etc = set { text = option types.str; };
    environment.systemPackages = list types.package;
    networking.domain = mkOption { type = types.nullOr types.str; default = null; };
    networking.hosts = mkOption { type = types.attrsOf (types.listOf types.str); default = { }; };
    networking.firewall.allowedTCPPorts = list types.port;
    networking.useDHCP = mkOption { type = types.bool; default = true; };
    networking.useHostResolvConf = mkOption { type = types.bool; default = true; };
    networking.useNetworkd = flag;
    nix.package = option types.package;
    nix.settings.trusted-public-keys = list types.str;
    security.sudo.enable = flag;
    security.sudo.extraRules = list (free { users = list types.str; commands = list types.anything; });
    services.openssh.enable = flag;
    services.openssh.hostKeys = list types.anything;
    services.qemuGuest.enable = flag;
    systemd.package = option types.package;
    systemd.services = set unit;
    systemd.sockets = set { listenStreams = list types.str; wantedBy = list types.str; };
    system.build.toplevel = mkOption { type = types.package; };
    systemd.suppressedSystemUnits = list types.str;
    users.groups = set { };
    users.users = set { openssh.authorizedKeys.keys = list types.singleLineStr; };
  };

  config = {
    nix.package = pkgs.nix;
    systemd.package = pkgs.systemd;
    # It changes with what the configuration says, and builds nothing.
    system.build.toplevel = derivation {
      name = "nixos-system";
      system = "x86_64-linux";
      builder = "/bin/sh";
      said = builtins.toJSON { inherit (config.networking) domain hosts; };
    };
    nix.settings.trusted-public-keys = [ "cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=" ];
  };
}
