# services.setpoint: the daemon. Its unit is as closed as deploy/systemd/setpoint.service, and a test compares the two.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.services.setpoint;
  home = "/var/lib/setpoint";
  cache = "/var/cache/setpoint";

  # A path that is evaluated as such would be copied to the store, which everybody can read.
  secretPath = types.addCheck types.str (path: lib.hasPrefix "/" path && !lib.hasPrefix builtins.storeDir path) // {
    description = "path of a file, as text, outside of the Nix store";
  };
  secrets = directive: mkOption {
    type = types.attrsOf secretPath;
    default = { };
    example.proxmox-token = "/run/secrets/proxmox-token";
    description = "Files of secrets that only this unit may read (${directive}=), by name; in declarations: {credential: NAME}.";
  };
  loaded = lib.mapAttrsToList (name: path: "${name}:${path}");
in
{
  options.services.setpoint = {
    enable = lib.mkEnableOption "Setpoint, which holds machines at their declared state";
    package = mkOption {
      type = types.package;
      default = pkgs.setpoint or (pkgs.callPackage ./package.nix { });
      defaultText = lib.literalExpression "pkgs.callPackage ./package.nix { }";
      description = "The program.";
    };
    settings = mkOption {
      description = "What /etc/setpoint/setpoint.yaml says; every field is in docs/reference/settings.md.";
      example = {
        estate = "home";
        source.git = { url = "https://forge.example.org/estate.git"; path = "estate"; };
      };
      type = types.submodule {
        freeformType = types.attrsOf types.anything;
        options = {
          estate = mkOption {
            type = types.strMatching "[a-z0-9]([-a-z0-9]{0,38}[a-z0-9])?";
            description = "The name of this estate; it is written on every object, so never change it.";
          };
          source = mkOption {
            type = types.attrsOf types.anything;
            description = "Where declarations come from: git or directory.";
          };
          metrics.listen = mkOption {
            type = types.str;
            default = "127.0.0.1:9645";
            description = "Where metrics and health are served: address and port, or none.";
          };
        };
      };
    };
    credentials = secrets "LoadCredential";
    encryptedCredentials = secrets "LoadCredentialEncrypted";
    extraPackages = mkOption {
      type = types.listOf types.package;
      default = [ ];
      description = "Programs that it finds beside git, ssh and nix.";
    };
  };

  config = mkIf cfg.enable {
    assertions = [{
      assertion = (cfg.settings.state or home) == home;
      message = "services.setpoint.settings.state: the daemon's memory is in ${home}; mount another disk there";
    }];

    # JSON is YAML.
    environment.etc."setpoint/setpoint.yaml".text = builtins.toJSON cfg.settings + "\n";
    environment.systemPackages = [ cfg.package ];

    # Who is in the group may use the command line.
    users.groups.setpoint = { };
    users.users.setpoint = {
      isSystemUser = true;
      group = "setpoint";
      description = "Setpoint";
      inherit home;
    };

    systemd.services.setpoint = {
      description = "Setpoint, which holds machines at their declared state";
      wantedBy = [ "multi-user.target" ];
      wants = [ "network-online.target" ];
      after = [ "network-online.target" ];
      path = [ pkgs.git pkgs.openssh config.nix.package ] ++ cfg.extraPackages;
      restartTriggers = [ (builtins.toJSON cfg.settings) ];
      # Of git and Nix; the daemon is told its own by CACHE_DIRECTORY.
      environment.XDG_CACHE_HOME = "${cache}/programs";
      # Tried again without end: whatever was wrong, such as a full disk, may have been put right meanwhile.
      unitConfig.StartLimitIntervalSec = 0;

      serviceConfig = {
        Type = "notify";
        ExecStart = "${lib.getExe cfg.package} run";
        User = "setpoint";
        Group = "setpoint";
        Restart = "on-failure";
        RestartSec = "10s";
        TimeoutStartSec = "15min";
        TimeoutStopSec = "2min";
        WatchdogSec = "60s";

        StateDirectory = "setpoint";
        StateDirectoryMode = "0750";
        CacheDirectory = "setpoint";
        CacheDirectoryMode = "0750";
        ConfigurationDirectory = "setpoint";
        UMask = "0027";
        LoadCredential = loaded cfg.credentials;
        LoadCredentialEncrypted = loaded cfg.encryptedCredentials;
        # Nix asks for as much to evaluate, which the filter of system calls would refuse.
        LimitSTACK = "64M";

        NoNewPrivileges = true;
        CapabilityBoundingSet = "";
        AmbientCapabilities = "";
        ProtectSystem = "strict";
        ProtectHome = true;
        PrivateTmp = true;
        PrivateMounts = true;
        PrivateDevices = true;
        DevicePolicy = "closed";
        # Not PrivateUsers: in a user namespace the kernel calls everybody who uses the socket nobody, and nobody has a role.
        PrivateIPC = true;
        RemoveIPC = true;
        KeyringMode = "private";
        ProtectClock = true;
        ProtectHostname = true;
        ProtectControlGroups = true;
        ProtectKernelLogs = true;
        ProtectKernelModules = true;
        ProtectKernelTunables = true;
        ProtectProc = "invisible";
        LockPersonality = true;
        MemoryDenyWriteExecute = true;
        RestrictNamespaces = true;
        RestrictRealtime = true;
        RestrictSUIDSGID = true;
        RestrictAddressFamilies = [ "AF_UNIX" "AF_INET" "AF_INET6" ];
        SystemCallArchitectures = "native";
        SystemCallErrorNumber = "EPERM";
        SystemCallFilter = [ "@system-service" "~@privileged @resources" ];
      };
    };
  };
}
