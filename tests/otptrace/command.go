package main

import (
	"fmt"
	"strings"
	"time"
)

// parseCommand reads what follows "at".
func parseCommand(words []string) (command, error) {
	if len(words) < 2 {
		return command{}, fmt.Errorf("at needs a time and a command")
	}
	ms, err := parseNumber("time", words[0], 0)
	if err != nil {
		return command{}, err
	}
	c := command{
		at: time.Duration(ms) * time.Millisecond, text: strings.Join(words[1:], " "), verb: words[1],
	}
	return c, c.parseArguments(words[2:])
}

func (c *command) parseArguments(args []string) error {
	want, known := map[string]int{
		"crash": 2, "fail": 2, "ignore": 2, "startdyn": 1, "terminate": 1, "restart": 1, "delete": 1, "which": 1, "count": 1,
		"stop": 0, "start": -1, "burst": -1, "mix": -1, // as many as they like
	}[c.verb]
	switch {
	case !known:
		return fmt.Errorf("command %q is unknown", c.verb)
	case want >= 0 && len(args) != want:
		return fmt.Errorf("%s takes %d arguments, not %d", c.verb, want, len(args))
	case len(args) == 0 && c.verb != "stop":
		return fmt.Errorf("%s needs a path", c.verb)
	case len(args) > 0:
		c.path = args[0]
	}
	if above, name := split(c.path); aboutChild(c.verb) && (above == "" || name == "") {
		return fmt.Errorf("%s %s: name a child with its path, as in r/a", c.verb, c.path)
	}
	var err error
	switch c.verb {
	case "crash", "burst":
		err = c.parseDeaths(args)
	case "fail", "ignore":
		c.count, err = parseNumber("count", args[1], 0)
	case "start":
		err = c.parseStart(args[1:])
	case "mix":
		err = c.parseMix(args[1:])
	}
	return err
}

func aboutChild(verb string) bool {
	switch verb {
	case "stop", "which", "count", "mix":
		return false
	}
	return true
}

func (c *command) parseDeaths(args []string) error {
	if len(args)%2 != 0 {
		return fmt.Errorf("%s needs a reason after every path", c.verb)
	}
	parent, _ := split(args[0])
	for i := 0; i < len(args); i += 2 {
		if above, _ := split(args[i]); above != parent {
			return fmt.Errorf("%s: %s is not a child of %s", c.verb, args[i], parent)
		}
		c.deaths = append(c.deaths, death{path: args[i], reason: args[i+1]})
	}
	return nil
}

func (c *command) parseStart(options []string) error {
	if len(options) == 0 {
		return nil
	}
	c.node = node{stop: manner{reason: "shutdown"}}.like(c.path)
	for _, option := range options {
		if err := c.node.set(option); err != nil {
			return err
		}
	}
	return nil
}

func (c *command) parseMix(words []string) error {
	for _, word := range words {
		parts := strings.SplitN(word, ":", 3)
		want, known := map[string]int{
			"crash": 3, "terminate": 2, "restart": 2, "delete": 2, "start": 2, "which": 1, "count": 1,
		}[parts[0]]
		if !known || len(parts) != want {
			return fmt.Errorf("mix: %q is none of crash:NAME:REASON, terminate:NAME, restart:NAME, delete:NAME, start:NAME, "+
				"which, count", word)
		}
		parts = append(parts, "", "")
		c.items = append(c.items, item{verb: parts[0], name: parts[1], reason: parts[2]})
	}
	return nil
}
