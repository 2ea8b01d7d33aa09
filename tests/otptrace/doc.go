// Otptrace reads a scenario of a supervision tree on standard input and prints the trace of what our supervisors do in it,
// in the format in which a driver in Erlang printed what those of Erlang/OTP do:
//
//	go run ./tests/otptrace < tests/otptrace/testdata/conf/c010_one_for_one.scn
//	go run ./tests/otptrace -actors < tests/otptrace/testdata/conf/c010_one_for_one.scn
//
// testdata/conf holds scenarios written by hand, one or more for each row of docs/SUPERVISION.md that a trace can show,
// and testdata/corpus random ones; beside each lies the trace of OTP 25.2.3. The test compares byte for byte. The format
// is described in testdata/FORMAT.md.
//
// # The machine alone
//
// Behind the first trace are the machines of package supervision and nothing else: every supervisor is one machine and a
// mailbox, processes are records, and time is the number that a command begins with. One command is carried out, then the
// mailboxes are emptied, and only then is the next one looked at. A supervisor starts and stops its children inside its
// turn, so that a nested supervisor's work is part of its parent's.
//
// # Real supervisors
//
// With -actors the tree is an actors.Supervisor, and every worker an actor of protoactor that ends itself as the scenario
// says. It runs in a bubble of testing/synctest, where a shutdown takes its time but nobody waits for it; what the restart
// windows read is the number that a command begins with. Between commands the driver waits until nobody can run and every
// supervisor has answered a question. A worker writes down its own starts and crashes; the rest is read from the events:
// how a worker ended that was told to, and what becomes of nested supervisors. Nothing in package actors is there for this:
//
//   - a start that fails or is ignored ends itself while it handles Started; a nested supervisor that is to fail finds its
//     name taken;
//   - a worker that never stops blocks until the trace is complete, and one that is killed is abandoned, which is what Go
//     has in place of a kill;
//   - burst and mix refuse a request, and the observer blocks on the event of it, in the supervisor's turn, while children
//     die and requests queue up.
package main
