// Package incident decides when a cluster is in trouble, how bad it is, and when
// it is over, and keeps the story of it.
//
// The model: a [Log] is told readings of four signals (connected sessions,
// capacity, calls that succeed, restarts) and facts (a bad record, an exit, a
// throttle, a pause of repairs). It compares each signal with its own recent past,
// opens an [Incident] when one of them is clearly worse, escalates it, and closes
// it when all have been back for a while. It answers in steps: what to tell whom.
// It is pure: no clock, no goroutine, no file; package monitor does these.
//
// The recent past is a running median, as Tukey's smoothers are ("Exploratory Data
// Analysis", 1977): the level of a signal is the median of its last five readings,
// so that two wild ones change nothing, and its baseline is the best level of the
// last ten minutes, so that a cluster which still grows is not taken for one that
// shrinks. While an incident is open the baseline stands still: an outage is not
// learned as the new normal.
//
// Guarantees:
//   - Every time in a timeline is the observer's own, in order, and never before
//     the incident's beginning. What other clocks say is shown as skew, and nothing
//     is decided by it. An observer's clock that goes back stands still instead.
//   - Opening and escalating need three readings that agree, closing needs the hold
//     time: no single reading opens, worsens or closes anything.
//   - A signal that is not read is unknown: it opens nothing and ends nothing.
//   - Memory is bounded: so many incidents, so many entries each, so many facts that
//     wait for an incident. What is over a limit is counted.
//   - No name and no value of a registry is in it, only our own words and numbers:
//     whatever is printed from it may be shown to everybody.
package incident
