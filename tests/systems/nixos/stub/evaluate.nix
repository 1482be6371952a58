# A configuration, by this lib.
{ lib, modules }:
let
  pkgs = import ./pkgs.nix lib;
in
lib.evalModules {
  modules = [ ./nixos.nix ] ++ modules;
  specialArgs = { inherit pkgs; };
}
