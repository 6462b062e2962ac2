# Throughput against threads, one panel for each choice of keys. Expects besides those of style.gp: plots, folder.
width = 1180
height = 500
load plots . "/style.gp"

tables = "threads-own threads-random threads-hot"
set multiplot title "Scaling with threads, one coroutine on each" font ",15"
set xlabel "threads"
set logscale x 2
set bmargin at screen 0.28
set tmargin at screen 0.83
unset key
do for [p = 1:3] {
    table = folder . "/" . word(tables, p)
    load table . ".about"
    set title heading font ",12"
    set lmargin at screen 0.065 + (p - 1) * 0.325
    set rmargin at screen 0.065 + (p - 1) * 0.325 + 0.265
    set xrange [0.9:last * 1.1]
    set ylabel p == 1 ? "operations per microsecond, all threads" : p == 2 ? "" : "the same, logarithmic"
    if (p == 3) {
        set logscale y
        set yrange [*:*]
        set format y "%g"
    } else {
        set yrange [0:*]
    }
    plot for [i = 1:count] table . ".tsv" index i - 1 using 1:3:4 with filledcurves lc rgb colour(style_of[i]), \
         for [i = 1:count] table . ".tsv" index i - 1 using 1:2 with linespoints ls style_of[i]
}
load plots . "/legend.gp"
unset multiplot
