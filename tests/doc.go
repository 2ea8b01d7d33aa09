// Package tests holds what no single package can test: the rules of the layout
// (arch_test.go), and in its folders whole clusters, a real etcd and faults.
//
// Everything here uses the project from outside: the built binary, or what an
// embedder imports.
package tests
