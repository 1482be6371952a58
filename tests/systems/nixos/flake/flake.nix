{
  description = "Systems that are built and switched to as NixOS is, from nothing but /bin/sh";
  outputs = { self }: {
    nixosConfigurations = builtins.mapAttrs (name: knobs: {
      config = {
        networking.hostName = name;
        system.build.toplevel = import ./toplevel.nix { inherit name knobs; revision = self.rev or "dirty"; };
      };
    }) (builtins.fromJSON (builtins.readFile ./hosts.json));
  };
}
