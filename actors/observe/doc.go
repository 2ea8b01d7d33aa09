// Package observe prints the event stream of a runtime or a supervisor where
// operators look: [Log] as log lines, [Metrics] for Prometheus. Both are observers
// for the Observe field of [actors.Config] and [actors.SupervisorConfig]; [All]
// makes one observer of several.
//
// # Bounds
//
// What a registry holds decides neither how much is logged nor how many series
// there are. A burst of lines that say the same is one line and a count. Labels
// are the paths of supervisors, the names of services and words of this module,
// never keys, IDs of children or of instances; beyond 200 supervisors or services
// the rest is counted together, as "other".
package observe
