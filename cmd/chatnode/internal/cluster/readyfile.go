package cluster

import (
	"fmt"
	"io"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/store"
)

// readyFile tells other programs where an act's cluster is. Gateways and Admin
// are the chat nodes', in the same order.
type readyFile struct {
	Act      string   `json:"act"`
	Etcd     string   `json:"etcd"`
	Gateways []string `json:"gateways"`
	APIs     []string `json:"apis"`
	// REST are the base URLs under which API nodes answer client libraries.
	REST []string `json:"rest"`
	// Bots are the tokens of two users who share a guild.
	Bots  []string       `json:"bots"`
	Admin []string       `json:"admin"`
	PIDs  map[string]int `json:"pids"`
	// Admins are the admin endpoints of every process, by name.
	Admins map[string]string `json:"admins"`
	Folder string            `json:"folder"`
}

// guilds is how many guilds the demo's store has.
func (c Config) guilds() int { return max(c.Users/40, 1) }

// bots are the tokens of the first user and of the next one in his home guild.
func (c Config) bots() []string {
	return []string{store.Token(c.Seed, 0), store.Token(c.Seed, min(c.guilds(), c.Users-1))}
}

// newReadyFile lists the processes that run.
func newReadyFile(profile, dir string, l layout, pids map[string]int) readyFile {
	f := readyFile{
		Act: profile, Etcd: "http://" + l.etcd.listen, Gateways: l.gateways(),
		PIDs: pids, Admins: map[string]string{}, Folder: dir,
	}
	for _, s := range l.all() {
		if pids[s.name] == 0 {
			continue
		}
		f.Admins[s.name] = s.adminURL()
		if s.role == roleAPI {
			f.APIs = append(f.APIs, s.listen)
			if s.rest != "" {
				f.REST = append(f.REST, "http://"+s.rest)
			}
		}
	}
	for _, n := range l.nodes {
		f.Admin = append(f.Admin, n.adminURL())
	}
	return f
}

// printWhere says where a cluster is that stays up.
func printWhere(w io.Writer, profile, dir string, l layout, pids map[string]int) error {
	_, err := fmt.Fprintf(w, "\nThe %s cluster stays up until it is interrupted (Ctrl-C).\n  folder   %s\n", profile, dir)
	for _, s := range l.all() {
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(w, "  %-8s %-28s admin %s   pid %d\n", s.name, address(s), s.adminURL(), pids[s.name])
	}
	return err
}

func address(s server) string {
	switch s.role {
	case roleEtcd:
		return "http://" + s.listen
	case roleNode:
		return "ws://" + s.listen
	case roleStore, roleAPI, roleLoad:
	}
	return s.listen
}
