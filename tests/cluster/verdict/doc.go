// Package verdict says whether the results of a demo show what the incident was
// and what isolation is worth.
//
// It reads the JSON that "chatnode demo --json" writes with a reader of its own,
// so that a renamed figure is found here and not by those who read the file.
// [Report.Faults] is the judgement: empty when all is as it must be, whatever
// the seed and the size of the cluster.
package verdict
