# Packages that are nothing but their names, and what makes scripts of texts.
lib:
let
  package = name: { inherit name; outPath = "/nix/store/00000000000000000000000000000000-${name}"; meta.mainProgram = name; type = "derivation"; };
  python = names: builtins.listToAttrs (map (name: { inherit name; value = package name; }) names);
  pkgs = {
    inherit lib;
    git = package "git";
    openssh = package "openssh";
    nix = package "nix";
    coreutils = package "coreutils";
    systemd = package "systemd";
    writeShellScript = name: text: package name // { inherit text; };
    python3Packages = python [
      "aiohttp" "asyncssh" "bcrypt" "click" "dnspython" "hatchling" "idna" "prometheus-client" "proxmoxer" "pydantic" "pynetbox" "pyyaml"
      "requests" "rich" "structlog" "watchfiles"
    ] // {
      buildPythonApplication = given: package given.pname // given;
    };
    callPackage = path: given:
      let make = import path;
      in make (builtins.intersectAttrs (builtins.functionArgs make) pkgs // given);
  };
in
pkgs
