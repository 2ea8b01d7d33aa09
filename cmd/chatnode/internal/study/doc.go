// Package study writes what a run of the demo showed for those who were not there:
// a report, one HTML file that needs nothing else, and the raw series as CSV.
//
// Both are made of what the live page was shown (package page), so that the plots
// of a report are the page's. The plots are SVG by gonum/plot; there is no script
// in a report, and nothing in it is fetched. Texts of a run are escaped.
package study
