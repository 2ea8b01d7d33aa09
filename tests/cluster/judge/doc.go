// Judge reads the results of a demo and fails when they do not show what they
// must: "go run ./tests/cluster/judge report.json".
package main
