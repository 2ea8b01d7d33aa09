package main

import (
	"bufio"
	"flag"
	"fmt"
	"os"
)

func main() {
	var s script
	flag.IntVar(&s.nodes, "nodes", 6, "chat nodes")
	flag.IntVar(&s.users, "users", 2000, "users")
	flag.IntVar(&s.keys, "keys", 4, "keys of the directory")
	flag.IntVar(&s.bad, "bad", 2, "keys that turn bad; the second one's value is markup")
	flag.IntVar(&s.frames, "frames", 300, "frames of both acts together, five a second")
	flag.Uint64Var(&s.seed, "seed", 1, "of everything that is drawn")
	flag.Parse()
	out := bufio.NewWriter(os.Stdout)
	err := s.write(out)
	if err == nil {
		err = out.Flush()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "synth: "+err.Error())
		os.Exit(1)
	}
}
