# For flakes of hosts: what of the estate a configuration is given, and resources that are declared beside what they are for.
# Nothing but builtins, so that it depends on no version of nixpkgs.
let
  inherit (builtins) attrNames attrValues concatLists concatStringsSep filter head isAttrs isList mapAttrs toJSON;

  identity = manifest:
    "${manifest.metadata.namespace or "default"}/${manifest.kind}/${manifest.metadata.name}";

  # The manifests of all hosts, each with the name of the host that it comes from.
  told = nixosConfigurations: concatLists (attrValues (mapAttrs
    (from: host: map (manifest: { inherit from manifest; key = identity manifest; })
      (attrValues (host.config.setpoint.manifests or { })))
    nixosConfigurations));

  agreed = key: all:
    let
      first = head all;
      others = filter (one: one.manifest != first.manifest) all;
    in
    if others == [ ] then first.manifest
    else throw "${key} is declared by ${first.from} and ${(head others).from}, each in another way; declare it once";

  # JSON over several lines, of which a change touches one.
  lines = indent: value:
    let
      below = indent + "  ";
      block = open: close: parts: "${open}\n${concatStringsSep ",\n" (map (part: below + part) parts)}\n${indent}${close}";
    in
    if isAttrs value && !(value ? outPath) && value != { } then
      block "{" "}" (map (name: "${toJSON name}: ${lines below value.${name}}") (attrNames value))
    else if isList value && value != [ ] then block "[" "]" (map (lines below) value)
    else toJSON value;
in
rec {
  # What Setpoint gave in the place of the input `estate`; without Setpoint, and where it gives nothing, there is no data.
  # { given, estate, namespace, name, labels, data }
  estate = input:
    let given = input ? data && input ? labels;
    in {
      inherit given;
      estate = if given then input.estate else "";
      namespace = if given then input.namespace else "";
      name = if given then input.name else "";
      labels = if given then input.labels else { };
      data = if given then input.data else { };
    };

  # An entry of the data that a configuration cannot do without.
  want = input: name:
    let found = (estate input).data;
    in found.${name} or (throw
      "the data of the estate has no ${name}; declare it in the NixosHost, spec.data.${name}, or take one that is there (${
        if found == { } then "none is" else concatStringsSep ", " (attrNames found)
      })");

  # What `setpoint.manifests` of all configurations declare, as a list; each resource once, in an order that stays.
  manifests = nixosConfigurations:
    let
      all = told nixosConfigurations;
      keys = attrNames (builtins.listToAttrs (map ({ key, ... }: { name = key; value = null; }) all));
    in
    map (key: agreed key (filter (one: one.key == key) all)) keys;

  # The same as a file for the repository of declarations.
  manifestsFile = nixosConfigurations:
    concatStringsSep "" ([ "# Made from nixosConfigurations by setpoint.lib.manifestsFile; edit those.\n" ]
      ++ map (manifest: "---\n${lines "" manifest}\n") (manifests nixosConfigurations));
}
