{
  description = "Setpoint: its daemon and its hosts as NixOS modules, and functions for the flakes that it deploys";

  # Everybody has it by this name, and lets it follow their own: inputs.setpoint.inputs.nixpkgs.follows = "nixpkgs".
  inputs.nixpkgs.url = "nixpkgs";

  outputs = { self, nixpkgs }:
    let
      systems = [ "x86_64-linux" "aarch64-linux" ];
      package = system: rec {
        setpoint = nixpkgs.legacyPackages.${system}.callPackage ./package.nix { };
        default = setpoint;
      };
    in
    {
      lib = import ./lib.nix;
      # By their paths, so that one which is imported twice counts once.
      nixosModules = {
        default.imports = [ ./module.nix ];
        guest.imports = [ ./guest.nix ];
        manifests.imports = [ ./manifests.nix ];
      };
      overlays.default = final: _: { setpoint = final.callPackage ./package.nix { }; };
      packages = builtins.listToAttrs (map (name: { inherit name; value = package name; }) systems);
    };
}
