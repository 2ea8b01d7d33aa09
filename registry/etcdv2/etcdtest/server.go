package etcdtest

import (
	"context"
	"net/http"
	"path"
	"strings"
	"time"

	pb "go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/etcdserver"
	"go.etcd.io/etcd/server/v3/etcdserver/api"
	"go.etcd.io/etcd/server/v3/etcdserver/api/membership"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2http"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v2store"
	"go.uber.org/zap"
)

const (
	// Endpoint is a client URL for who asks through [Server.RoundTrip]; nothing
	// listens there.
	Endpoint = "http://etcd.test:2379"
	// SweepInterval is how late a waiting watch hears of an expiry at most, as
	// with etcd. Any other request removes what is due before it is answered.
	SweepInterval = 500 * time.Millisecond

	keysPath  = "/v2/keys"
	clusterID = 0xf1eb
	timeout   = 5 * time.Second
)

// Server is one etcd without the raft, v2 keys API only. Made by [New]; it
// needs no end. All methods may be called from any goroutine.
type Server struct{ handler http.Handler }

// New returns a server with an empty keyspace. Like that of an etcd that has
// just started, its index is not 0 any more.
func New() *Server {
	lg := zap.NewNop()
	store := v2store.New(etcdserver.StoreClusterPrefix, etcdserver.StoreKeysPrefix)
	cluster := membership.NewClusterFromMembers(lg, clusterID, nil)
	m := &member{
		store: store, cluster: cluster,
		requests: etcdserver.NewStoreRequestV2Handler(store, etcdserver.NewApplierV2(lg, store, cluster)),
	}
	// A member's name, URLs and version, and the leader's no-op, come first.
	for range 4 {
		_, err := store.Set(path.Join(etcdserver.StoreClusterPrefix, "started"), false, "", v2store.TTLOptionSet{ExpireTime: v2store.Permanent})
		if err != nil {
			panic("etcdtest: an empty store refused a write: " + err.Error())
		}
	}
	return &Server{handler: v2http.NewClientHandler(lg, m, timeout)}
}

// ServeHTTP answers a request of the keys API, as behind an httptest.Server.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != keysPath && !strings.HasPrefix(r.URL.Path, keysPath+"/") {
		http.NotFound(w, r)
		return
	}
	s.handler.ServeHTTP(w, r)
}

// member is what etcd's handler asks of the server behind it. The rest of the
// interface is nil: only the keys API is let through, and it needs no more.
type member struct {
	etcdserver.ServerPeer

	store    v2store.Store
	cluster  *membership.RaftCluster
	requests etcdserver.RequestV2Handler
}

// Cluster is what etcd's handler takes the cluster's ID from.
func (m *member) Cluster() api.Cluster { return m.cluster }

// ClientCertAuthEnabled is part of what the handler asks before it asks for Do.
func (m *member) ClientCertAuthEnabled() bool { return false }

// Do carries out a request on the store at once, where a real member would have
// its cluster agree on it first.
func (m *member) Do(ctx context.Context, r pb.Request) (etcdserver.Response, error) {
	m.store.DeleteExpiredKeys(time.Now())
	resp, err := (*etcdserver.RequestV2)(&r).Handle(ctx, m.requests)
	if err == nil {
		err = resp.Err
	}
	if err == nil && resp.Watcher != nil {
		resp.Watcher = watch(resp.Watcher, m.store)
	}
	return resp, err
}

// swept is a watch that removes what expires while it waits. The handler that
// got it calls Remove.
type swept struct {
	v2store.Watcher

	stop, done chan struct{}
}

func watch(w v2store.Watcher, store v2store.Store) v2store.Watcher {
	s := &swept{Watcher: w, stop: make(chan struct{}), done: make(chan struct{})}
	go s.sweep(store)
	return s
}

func (s *swept) sweep(store v2store.Store) {
	defer close(s.done)
	again := time.NewTicker(SweepInterval)
	defer again.Stop()
	for {
		select {
		case now := <-again.C:
			store.DeleteExpiredKeys(now)
		case <-s.stop:
			return
		}
	}
}

// Remove ends the watch and its sweeping.
func (s *swept) Remove() {
	close(s.stop)
	<-s.done
	s.Watcher.Remove()
}
