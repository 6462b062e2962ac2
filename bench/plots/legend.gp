# The legend of all panels of a picture, below them: the last plot of a multiplot.
unset title
unset border
unset tics
unset grid
unset xlabel
unset ylabel
unset logscale
set lmargin at screen 0.02
set rmargin at screen 0.98
set bmargin at screen 0.01
set tmargin at screen 0.15
set xrange [0:1]
set yrange [0:1]
set key inside center center horizontal Left reverse samplen 2.5 width 1 spacing 1.3
plot for [i = 1:count] NaN with linespoints ls style_of[i] title name_of[i]
