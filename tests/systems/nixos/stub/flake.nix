# Stands in for nixpkgs as an input of flakes.
{
  outputs = { self }:
    let
      lib = import ./lib.nix;
      pkgs = import ./pkgs.nix lib;
      nixosSystem = { modules }: import ./evaluate.nix { inherit lib modules; };
    in
    {
      lib = lib // { inherit nixosSystem; };
      legacyPackages.x86_64-linux = pkgs;
    };
}
