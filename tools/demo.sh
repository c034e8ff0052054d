#!/usr/bin/env bash
# Explains the bundled digits with two networks and the bundled ECGs with a third, six methods each. `make demo` calls
# it after the build. Classes and timings go to the terminal, everything else to demo-output/, which is made anew.
set -euo pipefail
cd "$(dirname "$0")/.."
signxai=${SIGNXAI:-build/bin/signxai}
truth_share=$(dirname "$signxai")/truth_share
out=demo-output

lrp_methods=gradient,lrp_z,lrpsign_z,lrp_epsilon_0_5_std_x,lrpsign_epsilon_0_5_std_x,lrp_alpha_1_beta_0
resnet_methods=gradient,guided_backprop,integrated_gradients,grad_cam,lrp_epsilon_0_5_std_x,lrpsign_epsilon_0_5_std_x
digits=(examples/digits/digit_{0..9}_0.png)
ecgs=(examples/ecg/elevation_1.csv examples/ecg/elevation_2.csv)

# run FOLDER MODEL INPUT... with $methods and the options in the arrays `reading` (both verbs) and `drawing` (explain)
run() {
  local folder=$out/$1
  shift
  "$signxai" predict "$@" "${reading[@]}" --top 1 2>/dev/null
  "$signxai" explain "$@" "${reading[@]}" "${drawing[@]}" -m "$methods" -o "$folder" --raw "$folder.npz" >"$folder.txt"
}

rm -rf "$out"
mkdir "$out"

printf '== Digits, pixels from 0 to 1: the dark background is zero and has no voice\n'
reading=(--preprocess unit) drawing=() methods=$lrp_methods
run digits_cnn examples/digits/digits_cnn.h5 "${digits[@]}"

printf '\n== The same digits, pixels from -1 to 1: the dark background speaks, too\n'
reading=(--preprocess examples/digits/minus_one_to_one.json)
drawing=(--param last_conv_layer_name=b1_conv2 --param resize=true)
methods=$resnet_methods
run digits_resnet examples/digits/digits_resnet.h5 "${digits[@]}"

printf '\n== Two ECGs with an elevated ST segment in V1 to V4 (class 1)\n'
reading=() drawing=(--rate 250) methods=$lrp_methods
run ecg examples/ecg/st_elevation.h5 "${ecgs[@]}"
"$truth_share" examples/ecg/st_elevation.h5 "$methods" "${ecgs[@]}"

printf '\nPictures: %s/*/*_panel.png, and one per method beside them\n' "$PWD/$out"
printf 'Numbers: %s/*.npz and *.txt\n' "$PWD/$out"
