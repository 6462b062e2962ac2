# The contention program's throughput. Expects besides those of style.gp: plots, folder.
width = 1080
height = 480
load plots . "/style.gp"

set multiplot title "Throughput under contention" font ",15"
set logscale x 2
set yrange [0:*]
set bmargin at screen 0.28
set tmargin at screen 0.82
unset key
do for [what in "coroutines threads"] {
    table = folder . "/load-" . what
    load table . ".about"
    first = what eq "coroutines"
    set lmargin at screen first ? 0.07 : 0.57
    set rmargin at screen first ? 0.48 : 0.98
    set title first ? "One thread" : "64 coroutines" font ",12"
    set xlabel what
    set ylabel first ? "operations per microsecond" : ""
    set xrange [0.9:last * 1.1]
    if (first) { set xtics (1, 4, 16, 64, 256, 1000) } else { set xtics (1, 2, 4, 8, 16, 32, 64, 128) }
    plot for [i = 1:count] table . ".tsv" index i - 1 using 1:2 with linespoints ls style_of[i]
}
load plots . "/legend.gp"
unset multiplot
