package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// targeted finds the process that a command names.
func (a *act) targeted(name string) (*process, error) {
	if p := a.processes.named(name); p != nil {
		return p, nil
	}
	var known []string
	for _, p := range a.processes.all() {
		known = append(known, p.spec.Name)
	}
	return nil, badCommand("no process %.32q: there are %s", name, strings.Join(known, ", "))
}

// steered does something to the process that a command names.
func (a *act) steered(args arguments, what func(*process) error) error {
	p, err := a.targeted(args["target"])
	if err != nil {
		return err
	}
	if err := what(p); err != nil {
		return fmt.Errorf("%s: %w", p.spec.Name, err)
	}
	return nil
}

func kill(_ context.Context, a *act, args arguments) (string, error) {
	return "killed " + args["target"], a.steered(args, (*process).kill)
}

func pauseOne(_ context.Context, a *act, args arguments) (string, error) {
	return "paused " + args["target"], a.steered(args, (*process).pause)
}

func resumeOne(_ context.Context, a *act, args arguments) (string, error) {
	return "let " + args["target"] + " go on", a.steered(args, (*process).resume)
}

// cut takes etcd from one chat node, or from all.
func cut(_ context.Context, a *act, args arguments) (string, error) {
	nodes, err := a.chosen(args["node"])
	for _, n := range nodes {
		a.links[n.name].Cut()
	}
	return "cut " + list(names(nodes)) + " off etcd", err
}

func join(_ context.Context, a *act, args arguments) (string, error) {
	nodes, err := a.chosen(args["node"])
	for _, n := range nodes {
		a.links[n.name].Heal()
	}
	return "connected " + list(names(nodes)) + " to etcd again", err
}

// chosen are the chat nodes that a command names.
func (a *act) chosen(name string) ([]server, error) {
	if name == "" || name == allNodes {
		return a.layout.nodes, nil
	}
	i := slices.IndexFunc(a.layout.nodes, func(n server) bool { return n.name == name })
	if i < 0 {
		return nil, badCommand("no chat node %.32q: there are %s", name, strings.Join(names(a.layout.nodes), ", "))
	}
	return a.layout.nodes[i : i+1], nil
}

func etcdDown(_ context.Context, a *act, _ arguments) (string, error) {
	p, err := a.targeted(a.layout.etcd.name)
	if err != nil {
		return "", err
	}
	return "took etcd down", p.hold()
}

func etcdUp(_ context.Context, a *act, _ arguments) (string, error) {
	p, err := a.targeted(a.layout.etcd.name)
	if err != nil {
		return "", err
	}
	if !p.release() {
		return "", errors.New("etcd was not taken down")
	}
	return "brought etcd back", nil
}

// scaleOut starts another API node, as an autoscaler would.
func scaleOut(ctx context.Context, a *act, _ arguments) (string, error) {
	n := 1
	for a.processes.named(fmt.Sprintf("api-%d", n)) != nil {
		n++
	}
	if n > maxAPIs {
		return "", fmt.Errorf("there are %d API nodes, which is the limit", maxAPIs)
	}
	s := server{name: fmt.Sprintf("api-%d", n), role: roleAPI}
	for _, port := range []*string{&s.listen, &s.admin, &s.rest} {
		address, err := a.ports.take(ctx)
		if err != nil {
			return "", err
		}
		*port = address
	}
	a.launch(ctx, a.maker.api(s))
	return "added " + s.name, nil
}

// scaleIn stops an API node for good; it withdraws its record before it goes. By
// default the newest goes.
func scaleIn(_ context.Context, a *act, args arguments) (string, error) {
	var last *process
	for _, p := range a.processes.all() {
		gone := false
		select {
		case <-p.done:
			gone = true
		default:
		}
		if p.spec.Role == roleAPI && !gone && (args["target"] == "" || args["target"] == p.spec.Name) {
			last = p
		}
	}
	if last == nil {
		return "", badCommand("no API node %.32q runs", args["target"])
	}
	go last.stop(stopGrace) // close waits for it too
	return "took " + last.spec.Name + " out", nil
}
