# As much of nixpkgs' lib as nix/ takes, with the same rules and words where a test looks; for machines without nixpkgs.
let
  inherit (builtins) all any attrNames concatLists concatMap concatStringsSep elemAt filter foldl' head isAttrs isBool isFunction isInt isList
    isString length listToAttrs mapAttrs match replaceStrings stringLength substring toJSON;

  shown = concatStringsSep ".";
  named = names: value: listToAttrs (map (name: { inherit name; value = value name; }) names);
  unique = foldl' (kept: one: if builtins.elem one kept then kept else kept ++ [ one ]) [ ];
  isOption = value: value._type or "" == "option";

  mkIf = condition: content: { _type = "if"; inherit condition content; };
  mkMerge = contents: { _type = "merge"; inherit contents; };
  mkOverride = priority: content: { _type = "override"; inherit priority content; };

  # What a definition says by name; conditions stay unasked, for they ask for the configuration themselves.
  pushDown = value:
    if value._type or "" == "if" then map (mapAttrs (_: mkIf value.condition)) (pushDown value.content)
    else if value._type or "" == "merge" then concatMap pushDown value.contents
    else [ value ];
  # What a definition says in the end, each with its priority.
  discharge = value:
    if !isAttrs value then [{ priority = 100; inherit value; }]
    else if value._type or "" == "if" then (if value.condition then discharge value.content else [ ])
    else if value._type or "" == "merge" then concatMap discharge value.contents
    else if value._type or "" == "override" then map (one: one // { inherit (value) priority; }) (discharge value.content)
    else [{ priority = 100; inherit value; }];
  strongest = found:
    let best = foldl' (least: one: if one.priority < least then one.priority else least) 9999 found;
    in map (one: one.value) (filter (one: one.priority == best) found);

  equal = path: values:
    if all (value: value == head values) values then head values
    else throw "The option `${shown path}' has conflicting definition values";
  type = description: check: { inherit description check; merge = equal; };

  merged = path: type: values:
    let bad = filter (value: !type.check value) values;
    in
    if bad == [ ] then type.merge path values
    else throw "A definition for option `${shown path}' is not of type `${type.description}'. Definition values: ${
      if isFunction (head bad) then "a function" else toJSON (head bad)}";

  anything = path: values:
    if all isAttrs values && !any (value: value ? outPath) values then
      named (unique (concatMap attrNames values))
        (name: anything (path ++ [ name ]) (strongest (concatMap (value: if value ? ${name} then discharge value.${name} else [ ]) values)))
    else equal path values;

  types = rec {
    str = type "string" isString;
    singleLineStr = type "(optionally newline-terminated) single-line string" (value: isString value && match "[^\n]*" value != null);
    strMatching = pattern: type "string matching the pattern ${pattern}" (value: isString value && match pattern value != null);
    bool = type "boolean" isBool;
    port = type "16 bit unsigned integer; between 0 and 65535 (both inclusive)" (value: isInt value && value >= 0 && value < 65536);
    package = type "package" (value: isAttrs value && value ? outPath);
    enum = values: type "one of ${concatStringsSep ", " (map toJSON values)}" (value: builtins.elem value values);
    addCheck = of: check: of // { check = value: of.check value && check value; };
    nullOr = of: {
      description = "null or ${of.description}";
      check = value: value == null || of.check value;
      merge = path: values: if all (value: value == null) values then null else merged path of values;
    };
    listOf = of: {
      description = "list of ${of.description}";
      check = isList;
      merge = path: values: map (value: merged (path ++ [ "[definition]" ]) of [ value ]) (concatLists values);
    };
    attrsOf = of: {
      description = "attribute set of ${of.description}";
      check = value: isAttrs value && !(value ? outPath);
      merge = path: values:
        let
          of' = name: strongest (concatMap (value: concatMap (one: if one ? ${name} then discharge one.${name} else [ ]) (pushDown value)) values);
          names = filter (name: of' name != [ ]) (unique (concatMap (value: concatMap attrNames (pushDown value)) values));
        in
        named names (name: merged (path ++ [ name ]) of (of' name));
    };
    submodule = module: {
      description = "submodule";
      check = isAttrs;
      merge = path: values: (evaluated path { name = elemAt path (length path - 1); } ([ module ] ++ map (config: { inherit config; }) values)).config;
    };
  } // { anything = { description = "anything"; check = _: true; merge = anything; }; };

  # A module as its options and definitions, with all that it imports.
  collect = arguments: module:
    let
      loaded = if isFunction module then module arguments else if isAttrs module then module else collectFile module;
      collectFile = path: let content = import path; in if isFunction content then content arguments else content;
      whole = loaded ? options || loaded ? config || loaded ? freeformType;
      here = {
        options = loaded.options or { };
        config = if whole then loaded.config or { } else removeAttrs loaded [ "imports" ];
        freeform = loaded.freeformType or null;
        path = if isFunction module || isAttrs module then null else toString module;
      };
    in
    [ here ] ++ concatMap (collect arguments) (loaded.imports or [ ]);

  mergedOptions = trees:
    named (unique (concatMap attrNames trees)) (name:
      let found = map (tree: tree.${name}) (filter (tree: tree ? ${name}) trees);
      in if any isOption found then head found else mergedOptions found);

  tree = path: options: freeform: definitions:
    let
      values = concatMap pushDown definitions;
      of = name: map (value: value.${name}) (filter (value: value ? ${name}) values);
      others = filter (name: !(options ? ${name})) (unique (concatMap attrNames values));
      defined = filter (name: concatMap discharge (of name) != [ ]) others;
      known = mapAttrs (name: below: if isOption below then option (path ++ [ name ]) below (of name) else tree (path ++ [ name ]) below null (of name)) options;
    in
    if freeform == null then
      (if defined == [ ] then known else throw "The option `${shown (path ++ [ (head defined) ])}' does not exist.")
    else merged path freeform (map (value: removeAttrs value (attrNames options)) values) // known;

  option = path: declared: definitions:
    let found = strongest (concatMap discharge definitions);
    in
    if found != [ ] then merged path declared.type found
    else if declared ? default then merged path declared.type [ declared.default ]
    else throw "The option `${shown path}' was accessed but has no value defined. Try setting the option.";

  evaluated = path: extra: modules:
    let
      # A file that is imported twice counts once.
      found = foldl' (kept: one: if one.path != null && any (other: other.path == one.path) kept then kept else kept ++ [ one ]) [ ]
        (concatMap (collect ({ inherit config lib; } // extra)) modules);
      freeforms = filter (one: one != null) (map (one: one.freeform) found);
      config = tree path (mergedOptions (map (one: one.options) found)) (if freeforms == [ ] then null else head freeforms) (map (one: one.config) found);
    in
    { inherit config; };

  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  lib = {
    inherit mkIf mkMerge types hasPrefix;
    mkOption = declared: { _type = "option"; } // declared;
    mkEnableOption = what: { _type = "option"; type = types.bool; default = false; description = "Whether to enable ${what}."; };
    mkDefault = mkOverride 1000;
    literalExpression = text: text;
    mapAttrsToList = each: set: map (name: each name set.${name}) (attrNames set);
    escapeShellArgs = words: concatStringsSep " " (map (word: "'" + replaceStrings [ "'" ] [ "'\\''" ] word + "'") words);
    getExe = package: "${package}/bin/${package.meta.mainProgram}";
    makeBinPath = packages: concatStringsSep ":" (map (package: "${package}/bin") packages);
    importTOML = file: builtins.fromTOML (builtins.readFile file);
    fileset = { unions = files: files; toSource = { root, fileset }: root; };
    licenses.asl20.spdxId = "Apache-2.0";
    platforms.linux = [ "x86_64-linux" ];
    evalModules = { modules, specialArgs ? { } }: evaluated [ ] specialArgs modules;
  };
in
lib
