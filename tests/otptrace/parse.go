package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/firebreak-go/firebreak/supervision"
)

// maxLine bounds a line of a scenario. A mix of some thousand items fits.
const maxLine = 1 << 20

// rootPath is the supervisor on top.
const rootPath = "r"

// parse reads a scenario; an error names the line.
func parse(in io.Reader) (*scenario, error) {
	sc := &scenario{nodes: map[string]*node{}}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, maxLine)
	number := 0
	for lines.Scan() {
		number++
		text, _, _ := strings.Cut(lines.Text(), "#")
		words := strings.Fields(text)
		if len(words) == 0 {
			continue
		}
		if err := sc.parseLine(number, words); err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	if len(sc.tree) == 0 {
		return nil, errors.New("line 1: no supervisor: declare one with: sup r STRATEGY INTENSITY PERIOD")
	}
	return sc, sc.validate()
}

func (sc *scenario) parseLine(number int, words []string) error {
	switch words[0] {
	case "sup", "child":
		return sc.parseNode(number, words)
	case "at":
		c, err := parseCommand(words[1:])
		if err != nil {
			return err
		}
		if last := len(sc.commands) - 1; last >= 0 && c.at < sc.commands[last].at {
			return fmt.Errorf("time %v is before that of the command before: order the commands by time", c.at)
		}
		if declared := sc.nodes[c.path]; c.node != nil && declared != nil && declared.branch != nil {
			c.node.branch, c.node.child.Supervisor = declared.branch, true
		}
		sc.commands = append(sc.commands, c)
		return sc.checkDeaths(c)
	}
	return fmt.Errorf("%q is unknown: begin a line with sup, child, at or #", words[0])
}

// checkDeaths refuses to let a supervisor crash: its children would go with it in no order that a trace can rely on.
func (sc *scenario) checkDeaths(c command) error {
	deaths := c.deaths
	for _, i := range c.items {
		deaths = append(deaths, death{path: c.path + "/" + i.name, reason: i.reason})
	}
	for _, d := range deaths {
		if n := sc.nodes[d.path]; n != nil && n.branch != nil && d.reason != "" {
			return fmt.Errorf("%s is a supervisor: only workers crash", d.path)
		}
	}
	return nil
}

func (sc *scenario) parseNode(number int, words []string) error {
	if len(words) < 2 {
		return fmt.Errorf("%s needs a path", words[0])
	}
	if len(sc.commands) > 0 {
		return fmt.Errorf("%s comes after a command: declare the whole tree first", words[0])
	}
	n := &node{line: number, path: words[1], stop: manner{reason: "shutdown"}}
	options := words[2:]
	_, n.child.ID = split(n.path)
	if words[0] == "sup" {
		if err := parseBranch(n, options); err != nil {
			return err
		}
		options = options[3:]
	}
	for _, option := range options {
		if err := n.set(option); err != nil {
			return err
		}
	}
	return sc.place(n)
}

// place puts a node under its supervisor.
func (sc *scenario) place(n *node) error {
	above, _ := split(n.path)
	parent := sc.nodes[above]
	switch {
	case sc.nodes[n.path] != nil:
		return fmt.Errorf("%s is declared twice", n.path)
	case n.path == rootPath && n.branch == nil:
		return fmt.Errorf("%s is the root and must be a sup", n.path)
	case n.path == rootPath:
	case parent == nil || parent.branch == nil:
		return fmt.Errorf("%s has no supervisor: declare sup %q before it", n.path, above)
	case parent.branch.dynamic():
		return fmt.Errorf("%s is simple_one_for_one: its children come with startdyn", above)
	default:
		parent.branch.children = append(parent.branch.children, n)
	}
	sc.nodes[n.path] = n
	if n.branch != nil {
		sc.tree = append(sc.tree, n)
	}
	return nil
}

// validate holds every supervisor to the rules of package supervision.
func (sc *scenario) validate() error {
	for _, n := range sc.tree {
		b := n.branch
		for _, child := range b.children {
			b.spec.Children = append(b.spec.Children, child.child)
		}
		check := b.spec
		if b.dynamic() {
			check.Children = []supervision.ChildSpec{b.template.like(n.path + "/template").child}
		}
		if err := check.Validate(); err != nil {
			return fmt.Errorf("line %d: %s: %w", n.line, n.path, err)
		}
	}
	return nil
}
