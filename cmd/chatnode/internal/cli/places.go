package cli

import (
	"strconv"

	"github.com/firebreak-go/firebreak/actors"
	"github.com/firebreak-go/firebreak/registry"
	"github.com/firebreak-go/firebreak/registry/ring"
)

// peerMeta and doorMeta are what a chat node's record calls where it listens for other chat nodes and for API nodes. The
// record's own address is where users connect: the one that stays when the node is started again, by which the registry
// takes the new process for the successor of the old one.
const (
	peerMeta = "peer"
	doorMeta = "door"
)

// places says where guilds and chat nodes are, from the directory of the chat nodes.
type places struct {
	runtime   *actors.Runtime
	placement *actors.Placement
	directory string
}

// newPlaces follows the chat nodes, which the runtime must watch.
func newPlaces(runtime *actors.Runtime, prefix string) (*places, error) {
	directory, err := registry.Directory(prefix, nodeService)
	if err != nil {
		return nil, err
	}
	// A node that leaves hands over all it has within two seconds.
	placement, err := runtime.Placement(nodeService, ring.Config{Parts: 1 << 12, VirtualNodes: 128, MoveParts: 1 << 11})
	return &places{runtime: runtime, placement: placement, directory: directory}, err
}

func (p *places) close() { p.placement.Close() }

// ownerOf returns the record of the node that a guild is on; nil while none is known.
func (p *places) ownerOf(guild uint64) *registry.Instance {
	return p.placement.Owner(strconv.FormatUint(guild, 10))
}

// node returns the record of a node.
func (p *places) node(name string) (registry.Instance, bool) {
	row, there := p.runtime.Snapshot(nodeService).Rows.Get(p.directory + name)
	return row.Instance, there
}

// nodePlaces is what a chat node knows of the others.
type nodePlaces struct {
	*places

	self string
}

// Owner is part of [guild.Places].
func (p nodePlaces) Owner(guild uint64) string {
	if in := p.ownerOf(guild); in != nil {
		return in.ID
	}
	return ""
}

// Peer is part of [guild.Places].
func (p nodePlaces) Peer(name string) string {
	in, _ := p.node(name)
	return in.Meta[peerMeta]
}

// Version is part of [guild.Places].
func (p nodePlaces) Version() any { return p.placement.Table() }

// Gateway is part of [gateway.Peers]. The sessions of a node that leaves are given up: they would end with it.
func (p nodePlaces) Gateway(name string) (url string, lives bool) {
	in, there := p.node(name)
	url = in.Meta[gatewayMeta]
	return url, there && in.State != registry.StateDraining && url != ""
}

// apiPlaces is what an API node knows of chat nodes.
type apiPlaces struct{ *places }

// Owner is part of [guild.Doors].
func (p apiPlaces) Owner(guild uint64) string {
	if in := p.ownerOf(guild); in != nil {
		return in.Meta[doorMeta]
	}
	return ""
}

// All is part of [guild.Doors].
func (p apiPlaces) All() (addresses []string) {
	for row := range p.runtime.Snapshot(nodeService).Rows.All() {
		if door := row.Instance.Meta[doorMeta]; door != "" {
			addresses = append(addresses, door)
		}
	}
	return addresses
}
