# Each ratio of the design's table over what is required. Expects besides those of style.gp: plots, table.
width = 1080
height = 580
load plots . "/style.gp"

set label 1 "Where colock stands: each ratio over its bound" at screen 0.5, 0.965 center font ",15"
set label 2 "points: median, bars: least to most; left of the line is good" at screen 0.5, 0.92 center \
    textcolor rgb "#555555"
set lmargin at screen 0.47
set rmargin at screen 0.96
set tmargin at screen 0.88
set bmargin at screen 0.17
set xlabel "measured / must"
set logscale x 2
set format x "%g"
set ytics scale 0
unset grid
set grid xtics ls 101
set border 1 ls 100
set offsets 0, 0, 0.6, 0.6
set arrow from 1, graph 0 to 1, graph 1 nohead ls 100 lw 2 front
set key at screen 0.5, 0.02 center bottom horizontal Left reverse samplen 1 width 3
set bars 0.6

plot table using ($7 == 1 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars lc rgb "#009E73" lw 2 pt 7 title "aim met", \
     table using ($7 == 2 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars lc rgb "#0072B2" lw 2 pt 9 ps 1.2 \
        title "must met", \
     table using ($7 == 3 ? $3 : NaN):1:4:5:ytic(2) with xerrorbars lc rgb "#D55E00" lw 2 pt 5 title "missed", \
     table using 6:1 with points lc rgb "#777777" lw 1.5 pt 12 ps 1.1 title "aim"
