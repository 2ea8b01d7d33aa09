// Otptrace reads a scenario of a supervision tree on standard input and prints the trace of what our supervisors do in it,
// in the format in which a driver in Erlang printed what those of Erlang/OTP do:
//
//	go run ./tests/otptrace < tests/otptrace/testdata/conf/c010_one_for_one.scn
//
// testdata/conf holds scenarios written by hand, one or more for each row of docs/SUPERVISION.md that a trace can show,
// and testdata/corpus random ones; beside each lies the trace of OTP 25.2.3. The test compares byte for byte.
//
// Behind the trace are the machines of package supervision and nothing else: every supervisor is one machine and a
// mailbox, processes are records, and time is the number that a command begins with. One command is carried out, then the
// mailboxes are emptied, and only then is the next one looked at. A supervisor starts and stops its children inside its
// turn, so that a nested supervisor's work is part of its parent's. The format is described in testdata/FORMAT.md.
package main
