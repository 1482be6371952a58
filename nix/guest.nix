# setpoint.guest: what a machine needs to be looked at and deployed by Setpoint.
{ config, lib, pkgs, ... }:
let
  inherit (lib) mkIf mkOption types;
  cfg = config.setpoint.guest;
  root = cfg.user == "root";
  programs = map (name: "/run/current-system/sw/bin/${name}");
  without = command: { inherit command; options = [ "NOPASSWD" ]; };
in
{
  imports = [ ./manifests.nix ];

  options.setpoint.guest = {
    enable = lib.mkEnableOption "being deployed by Setpoint";
    user = mkOption {
      type = types.strMatching "[a-z_][a-z0-9_-]{0,31}";
      default = "deploy";
      description = "As whom Setpoint enters (`user` of its Host). One who is not root may become it, and brings only what is signed.";
    };
    authorizedKeys = mkOption {
      type = types.listOf types.singleLineStr;
      default = [ ];
      example = [ "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI… setpoint" ];
      description = "The public keys by which Setpoint enters.";
    };
    trustedKeys = mkOption {
      type = types.listOf (types.strMatching "[^ :]+:[A-Za-z0-9+/=]+");
      default = [ ];
      example = [ "estate-1:uZ0D…=" ];
      description = "The public keys of what signs systems, as `nix key convert-secret-to-public` tells them.";
    };
    hostKey = mkOption {
      type = types.nullOr (types.strMatching "/.*");
      default = null;
      example = "/persist/ssh/ssh_host_ed25519_key";
      description = "Where the one ed25519 host key is, that was placed there before the first boot; NixOS's own place when null.";
    };
    platform = mkOption {
      type = types.nullOr (types.enum [ "virtual-machine" "container" ]);
      default = null;
      description = "What of Proxmox it is; sets what the node expects inside. Null sets nothing.";
    };
    health = {
      enable = lib.mkEnableOption "an answer over HTTP: 200 when the machine is well, else 503 with why";
      port = mkOption {
        type = types.port;
        default = 9647;
        description = "Where it listens.";
      };
      openFirewall = mkOption {
        type = types.bool;
        default = false;
        description = "Let others ask.";
      };
      allowedUnits = mkOption {
        type = types.listOf types.singleLineStr;
        default = [ ];
        example = [ "sys-kernel-debug.mount" ];
        description = "Units that may fail.";
      };
    };
  };

  config = mkIf cfg.enable (lib.mkMerge [
    {
      assertions = [
        {
          assertion = cfg.authorizedKeys != [ ];
          message = "setpoint.guest.authorizedKeys: nobody could enter; add the public key of Setpoint";
        }
        {
          assertion = root || cfg.trustedKeys != [ ];
          message = "setpoint.guest.trustedKeys: ${cfg.user} could bring no system; add the public key that signs them, or let user be root";
        }
      ];
      services.openssh.enable = true;
      services.openssh.hostKeys = mkIf (cfg.hostKey != null) [{ type = "ed25519"; path = cfg.hostKey; }];
      users.users.${cfg.user}.openssh.authorizedKeys.keys = cfg.authorizedKeys;
      nix.settings.trusted-public-keys = cfg.trustedKeys;
    }

    (mkIf (!root) {
      users.groups.${cfg.user} = { };
      users.users.${cfg.user} = {
        isSystemUser = true;
        group = cfg.user;
        description = "Setpoint's deploys";
        home = "/var/lib/${cfg.user}";
        createHome = true;
        useDefaultShell = true;
      };
      # Whoever activates a system is root in all but name, and needs a shell for it. What it has to be, is: by key, with a
      # name of its own in every log, and no member of nix.settings.trusted-users, so that the daemon asks for signatures.
      security.sudo.enable = true;
      security.sudo.extraRules = [
        {
          users = [ cfg.user ];
          commands = map without ([ "/bin/sh" ] ++ programs [ "btrfs" "docker" "podman" "smartctl" "wg" ]);
        }
        {
          users = [ cfg.user ];
          runAs = "postgres";
          commands = map without (programs [ "psql" ]);
        }
      ];
    })

    (mkIf (cfg.platform == "virtual-machine") {
      services.qemuGuest.enable = true;
      boot.initrd.availableKernelModules = [ "virtio_pci" "virtio_scsi" "virtio_blk" "virtio_net" ];
    })

    # Addresses and the name come from Proxmox, and what an unprivileged container cannot mount is not tried.
    (mkIf (cfg.platform == "container") {
      boot.isContainer = true;
      networking.useNetworkd = true;
      networking.useDHCP = lib.mkDefault false;
      networking.useHostResolvConf = false;
      systemd.suppressedSystemUnits = [ "sys-kernel-debug.mount" ];
    })

    (mkIf cfg.health.enable {
      networking.firewall.allowedTCPPorts = mkIf cfg.health.openFirewall [ cfg.health.port ];
      systemd.sockets.setpoint-health = {
        description = "Whether this machine is well";
        wantedBy = [ "sockets.target" ];
        listenStreams = [ (toString cfg.health.port) ];
        socketConfig = { Accept = true; MaxConnections = 16; MaxConnectionsPerSource = 4; };
      };
      systemd.services."setpoint-health@" = {
        description = "Answers whether this machine is well";
        unitConfig.CollectMode = "inactive-or-failed";
        path = [ pkgs.coreutils config.systemd.package ];
        serviceConfig = {
          # What asks, and goes away, leaves no failed unit behind that the next one would be told of.
          ExecStart = "-${pkgs.writeShellScript "setpoint-health" (builtins.readFile ./health.sh)} ${lib.escapeShellArgs cfg.health.allowedUnits}";
          StandardInput = "socket";
          StandardOutput = "socket";
          StandardError = "journal";
          RuntimeMaxSec = 10;
          DynamicUser = true;
          CapabilityBoundingSet = "";
          NoNewPrivileges = true;
          PrivateDevices = true;
          ProtectHome = true;
          ProtectKernelTunables = true;
          ProtectKernelModules = true;
          ProtectSystem = "strict";
          RestrictAddressFamilies = [ "AF_UNIX" ];
          RestrictNamespaces = true;
          MemoryMax = "32M";
          TasksMax = 8;
        };
      };
    })
  ]);
}
