// Package chaos makes trouble for an etcd and for everybody around it, and holds the
// library to what it promises of a view.
//
// TestChaos runs the built chatnode's etcd in a process of its own, a dozen and more
// instances with real ports that announce themselves, and three nodes that watch.
// For a while it kills, pauses, wipes and floods etcd, cuts links, tears writes,
// poisons keys with every class of fault, ends instances in order and by force,
// restarts nodes, and lets operators hold. Then there is peace, and:
//
//  1. Within 5 s every valid record in etcd is in every view, unless a hold names it,
//     and every other difference has a name too: a hold, a quarantine, a doubt. Torn
//     records have been repaired by their announcers.
//  2. When what was bad has been mended and all holds have run out (the guards'
//     thresholds are shortened for it), every view is equal to etcd.
//  3. At no moment did a node that had a healthy instance in its pick set lose it.
//     Every snapshot that is published is looked at, in the turn that publishes it.
//     Healthy is who is announced, has a port that answers, and was not deleted.
//  4. Nothing exited: no runtime failed, nothing was parked or abandoned, and etcd
//     ended only when it was killed.
//
// What is done follows from the seed, which is printed; when exactly it happens
// follows from the machine as well. A run is repeated, or made longer, by flags:
//
//	go test ./tests/chaos -run '^TestChaos$' -count=1 -timeout=0 -chaos.seed=7 -chaos.duration=10m
//
// -chaos.runs=5 makes five runs with a seed each. From a minute on there is also
// trouble that takes long. "make soak" does ten minutes.
//
// TestCorpus stores what lies in testdata, one file per hostile value or key name, in
// such an etcd, and looks at what two nodes make of it; testdata/README.md says how
// to add a case. TestTenThousandKeys writes as many at once.
//
// The fuzz targets of the codec and of the view are beside them, in registry.
package chaos
