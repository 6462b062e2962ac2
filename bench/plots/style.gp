# What all pictures share. Expects: form ("svg" or "png"), output, width, height.
# The colours are those of Okabe and Ito, which the colour-blind can tell apart; each line has a mark of its own too.
if (form eq "svg") {
    set terminal svg size width, height dynamic font "DejaVu Sans,13" background "white" noenhanced
} else {
    set terminal pngcairo size width, height font "DejaVu Sans,10" background "white" noenhanced
}
set output output . "." . form
set encoding utf8

set style line 1 lc rgb "#0072B2" lw 3.5 pt 7 ps 0.9        # colock
set style line 2 lc rgb "#56B4E9" lw 2.5 pt 6 ps 0.9        # colock with a limit
set style line 3 lc rgb "#000000" lw 1.5 pt 1 ps 0.9        # mutex and map
set style line 4 lc rgb "#777777" lw 1.5 pt 3 ps 0.9        # channel || timer
set style line 5 lc rgb "#009E73" lw 1.5 pt 12 ps 0.9 dt 2  # map of channels, kept
set style line 6 lc rgb "#CC79A7" lw 1.5 pt 11 ps 0.9       # map of timers
set style line 7 lc rgb "#009E73" lw 1.5 pt 13 ps 0.9       # map of channels
set style line 8 lc rgb "#D55E00" lw 1.5 pt 8 ps 0.9        # concurrent channel
set style line 9 lc rgb "#E69F00" lw 1.5 pt 5 ps 0.8        # channel

# Of the bands, which take no style.
colour(style) = word("#0072B2 #56B4E9 #000000 #777777 #009E73 #CC79A7 #009E73 #D55E00 #E69F00", style)

set style line 100 lc rgb "#999999" lw 1
set style line 101 lc rgb "#DDDDDD" lw 1
set border 3 ls 100
set tics nomirror textcolor rgb "#333333"
set grid ytics ls 101
set key textcolor rgb "#333333"
set style fill transparent solid 0.12 noborder
