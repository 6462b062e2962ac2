# Throughput against coroutines. Expects besides those of style.gp: plots, table, logarithmic.
width = 980
height = 520
load plots . "/style.gp"
load table . ".about"

set title heading font ",15"
set xlabel "coroutines"
set ylabel "operations per microsecond (lines: median, bands: least to most)"
set logscale x 2
set xtics (1, 2, 4, 8, 16, 64, 256, 1000)
set xrange [0.9:last * 1.1]
set key outside right center vertical Left reverse samplen 2.5 spacing 1.4
if (logarithmic) {
    set logscale y
    set ytics (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50)
    set autoscale yfix
    set offsets 0, 0, graph 0.05, graph 0.05
} else {
    set yrange [0:*]
}
file = table . ".tsv"
plot for [i = 1:count] file index i - 1 using 1:3:4 with filledcurves lc rgb colour(style_of[i]) notitle, \
     for [i = 1:count] file index i - 1 using 1:2 with linespoints ls style_of[i] title name_of[i]
