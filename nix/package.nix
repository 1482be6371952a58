# The program from this checkout, with what it needs from nixpkgs.
{ lib, python3Packages, git, openssh, nix, ... }:
let
  project = (lib.importTOML ../pyproject.toml).project;
in
python3Packages.buildPythonApplication {
  pname = project.name;
  inherit (project) version;
  pyproject = true;
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../pyproject.toml
      ../README.md
      ../LICENSE
      ../controller
      ../reconcilers
      ../lab
      ../examples/estate
    ];
  };

  build-system = [ python3Packages.hatchling ];
  dependencies = with python3Packages; [
    aiohttp
    asyncssh
    bcrypt
    click
    dnspython
    idna
    prometheus-client
    proxmoxer
    pydantic
    pynetbox
    pyyaml
    requests
    rich
    structlog
    watchfiles
  ];
  makeWrapperArgs = [ "--suffix" "PATH" ":" (lib.makeBinPath [ git openssh nix ]) ];

  # Off the network: every system is found and imported, and the estate that the lab converges is read.
  pythonImportsCheck = [ "setpoint" "setpoint_addresses" "setpoint_dns" "setpoint_netbox" "setpoint_nixos" "setpoint_proxmox" "setpoint_lab" ];
  checkPhase = ''
    runHook preCheck
    $out/bin/setpoint --version
    $out/bin/setpoint schema >/dev/null
    $out/bin/setpoint validate ${../examples/estate}
    runHook postCheck
  '';

  meta = {
    inherit (project) description;
    license = lib.licenses.asl20;
    mainProgram = "setpoint";
    platforms = lib.platforms.linux;
  };
}
