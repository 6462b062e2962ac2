# Percentiles of the contention program's times. Expects besides those of style.gp: plots, folder.
width = 1080
height = 500
load plots . "/style.gp"

set multiplot title "64 coroutines at 32 keys, each held for 1 ms on average" font ",15"
set xlabel "percentile"
set xrange [-0.2:4.2]
set xtics ("50" 0, "90" 1, "99" 2, "99.9" 3, "most" 4)
set logscale y
set bmargin at screen 0.28
set tmargin at screen 0.82
unset key
load folder . "/latency.about"
do for [what in "wait hand-off"] {
    table = folder . "/latency-" . what . ".tsv"
    first = what eq "wait"
    set lmargin at screen first ? 0.08 : 0.58
    set rmargin at screen first ? 0.48 : 0.98
    set title first ? "From the call to the lock" : "From a release to the next holder" font ",12"
    set ylabel first ? "milliseconds" : "microseconds"
    set format y "%g"
    plot for [i = 1:count] table index i - 1 using 1:($2 / (first ? 1000 : 1)) with linespoints ls style_of[i]
}
load plots . "/legend.gp"
unset multiplot
