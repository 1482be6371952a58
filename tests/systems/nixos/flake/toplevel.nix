{ name, knobs, revision }:
let
  knob = which: default: knobs.${which} or default;
  flag = which: if knob which false then "1" else "";
  make = title: script: extra: derivation ({
    name = title;
    system = "x86_64-linux";
    builder = "/bin/sh";
    PATH = "/usr/bin:/bin";
    args = [ "-ec" script ];
  } // extra);

  release = knob "kernel" "6.6.1";
  kernel = make "linux-${release}" ''
    mkdir -p $out/lib/modules/${release}
    echo kernel ${release} >$out/bzImage
  '' { };
  initrd = make "initrd-linux-${release}" ''
    mkdir $out
    echo initrd of ${kernel} >$out/initrd
  '' { };
  etc = make "etc" ''
    mkdir -p $out/etc
    echo ${name} >$out/etc/hostname
    printf %s "$payload" >$out/etc/payload
  '' { payload = knob "payload" ""; };
  ballast = make "ballast" ''
    head -c ${toString (knob "ballast" 0)} /dev/urandom >$out
  '' { };

  # What an evaluation of a real system takes in memory and time, in pieces.
  burnt = builtins.foldl' (sum: each: sum + each) 0
    (builtins.genList (x: builtins.length (builtins.attrNames { a = x; b = x; c = x + 1; })) (knob "burn" 0));

  system = make "nixos-system-${name}-24.11" ''
    ${if knobs ? buildFail then "echo compiling; echo '${knobs.buildFail}' >&2; exit 3" else ""}
    sleep ${toString (knob "buildSeconds" 0)}
    mkdir -p $out/bin $out/sw
    ln -s ${etc}/etc $out/etc
    ln -s ${kernel}/bzImage $out/kernel
    ln -s ${kernel} $out/kernel-modules
    ln -s ${initrd}/initrd $out/initrd
    ${if knobs ? ballast then "ln -s ${ballast} $out/ballast" else ""}
    printf %s 24.11.${if knob "stamp" false then revision else "0"} >$out/nixos-version
    printf %s x86_64-linux >$out/system
    printf %s '${knob "initChange" "systemd 255"}' >$out/init-interface-version
    printf '#!/bin/sh\n' >$out/init
    printf '#!/bin/sh\nln -sfn %s /run/current-system\n' $out >$out/activate
    sed -e "s|@out@|$out|g" -e "s|@failUnits@|$failUnits|g" -e "s|@failActivate@|$failActivate|g" \
      -e "s|@inhibit@|$inhibit|g" -e "s|@breakNet@|$breakNet|g" -e "s|@slow@|$slow|g" \
      -e "s|@failReturn@|$failReturn|g" -e "s|@failBoot@|$failBoot|g" -e "s|@dies@|$dies|g" \
      ${./switch.sh} >$out/bin/switch-to-configuration
    chmod +x $out/init $out/activate $out/bin/switch-to-configuration
  '' {
    failUnits = builtins.concatStringsSep " " (knob "failUnits" [ ]);
    failActivate = flag "failActivate";
    failReturn = flag "failReturn";
    failBoot = flag "failBoot";
    inhibit = flag "inhibit";
    dies = toString (knob "dies" "");
    breakNet = flag "breakNet";
    slow = toString (knob "slow" 0);
  };
in
if burnt < 0 then null
else if knobs ? throw then throw knobs.throw
else system
