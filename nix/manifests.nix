# Resources that are declared beside what they are for; `setpoint.lib.manifestsFile` makes a file of those of all hosts.
{ lib, ... }:
let
  inherit (lib) mkOption types;
in
{
  options.setpoint.manifests = mkOption {
    default = { };
    example.web = { kind = "DnsRecords"; spec.zone = "example.net"; };
    description = "Manifests of Setpoint, by any name: it is that of the resource unless metadata.name says another.";
    type = types.attrsOf (types.submodule ({ name, ... }: {
      freeformType = types.attrsOf types.anything;
      options = {
        kind = mkOption {
          type = types.strMatching "[A-Z][A-Za-z0-9]*";
          example = "VirtualMachine";
          description = "What it is.";
        };
        metadata = mkOption {
          default = { };
          description = "Its name, namespace and labels.";
          type = types.submodule {
            freeformType = types.attrsOf types.anything;
            options.name = mkOption {
              type = types.str;
              default = name;
              description = "Its name.";
            };
          };
        };
      };
    }));
  };
}
