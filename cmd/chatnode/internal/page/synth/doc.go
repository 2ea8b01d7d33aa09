// Command synth writes a recorded run that never was: a naive and an isolated act
// with as many nodes, keys and frames as asked for, the same for the same seed. It
// goes through the page's own fold, so that the page and its tests can be shown
// runs of a size that one machine cannot play.
package main
