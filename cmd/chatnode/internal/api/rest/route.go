package rest

import (
	"context"
	"errors"
	"hash/fnv"
	"net/http"
	"strconv"
	"time"

	"google.golang.org/grpc/status"

	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/wire"
	"github.com/firebreak-go/firebreak/cmd/chatnode/internal/work"
)

// The limits of routes, for one user and, where the path names one, one channel
// or guild. They are Discord's where those are known.
//
//nolint:gochecknoglobals // a table
var (
	everyCall  = limit{50, time.Second}
	reads      = limit{10, time.Second}
	writesText = limit{5, 5 * time.Second}
	makesRoom  = limit{5, time.Second}
	makesGuild = limit{10, 10 * time.Second}
)

// call is one authenticated request.
type call struct {
	request *http.Request
	user    *wire.User
}

// answer is a status with a body; nil means none.
type answer struct {
	status int
	body   any
}

// handler does what one route is for.
type handler func(ctx context.Context, c call) (answer, error)

// route is one line of the table below. One that is open needs no token.
type route struct {
	method, path string
	open         bool
	limit        limit
	do           handler
}

func (s *Server) table() []route {
	return []route{
		{"GET", "/gateway", true, limit{}, s.getGateway},
		{"GET", "/gateway/bot", false, reads, s.getGatewayBot},
		{"GET", "/oauth2/applications/@me", false, reads, s.getApplication},
		{"GET", "/users/@me", false, reads, s.getMe},
		{"GET", "/users/@me/guilds", false, reads, s.listMyGuilds},
		{"POST", "/guilds", false, makesGuild, s.createGuild},
		{"GET", "/guilds/{guild}", false, reads, s.getGuild},
		{"GET", "/guilds/{guild}/channels", false, reads, s.listChannels},
		{"POST", "/guilds/{guild}/channels", false, makesGuild, s.createChannel},
		{"GET", "/guilds/{guild}/members", false, reads, s.listMembers},
		{"PUT", "/guilds/{guild}/members/{user}", false, makesGuild, s.addMember},
		{"GET", "/channels/{channel}", false, reads, s.getChannel},
		{"GET", "/channels/{channel}/messages", false, reads, s.listMessages},
		{"POST", "/channels/{channel}/messages", false, writesText, s.createMessage},
		{"GET", "/channels/{channel}/messages/{message}", false, reads, s.getMessage},
		{"PATCH", "/channels/{channel}/messages/{message}", false, writesText, s.editMessage},
		{"DELETE", "/channels/{channel}/messages/{message}", false, makesRoom, s.deleteMessage},
		{"POST", "/channels/{channel}/typing", false, writesText, s.startTyping},
	}
}

// routes makes the mux. Methods are told apart here, because the mux would answer
// a wrong one in plain text.
func (s *Server) routes() *http.ServeMux {
	mux := http.NewServeMux()
	byPath := make(map[string]map[string]http.HandlerFunc)
	for i, r := range s.table() {
		methods := byPath[r.path]
		if methods == nil {
			methods = make(map[string]http.HandlerFunc)
			byPath[r.path] = methods
			mux.HandleFunc("/api/{version}"+r.path, func(w http.ResponseWriter, request *http.Request) {
				handle := methods[request.Method]
				if handle == nil {
					s.write(w, request, answer{}, plain(http.StatusMethodNotAllowed))
					return
				}
				handle(w, request)
			})
		}
		methods[r.method] = func(w http.ResponseWriter, request *http.Request) { s.work(w, request, i, r) }
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, request *http.Request) {
		s.write(w, request, answer{}, plain(http.StatusNotFound))
	})
	return mux
}

// ServeHTTP is part of [http.Handler].
func (s *Server) ServeHTTP(w http.ResponseWriter, request *http.Request) { s.mux.ServeHTTP(w, request) }

// work has a worker of the lane answer one request, or refuses it.
func (s *Server) work(w http.ResponseWriter, request *http.Request, number int, r route) {
	ctx, cancel := context.WithTimeout(request.Context(), s.cfg.CallTimeout)
	defer cancel()
	defer func() {
		if v := recover(); v != nil {
			s.cfg.Log.Error().Str("route", r.method+" "+r.path).Interface("panic", v).Msg("a call panicked: this is a bug")
			s.write(w, request, answer{}, plain(http.StatusInternalServerError))
		}
	}()
	var done answer
	err := s.cfg.Lane.Do(ctx, func(ctx context.Context) (err error) {
		s.served.Add(1)
		done, err = s.serve(ctx, w, request, number, r)
		return err
	})
	if ctx.Err() != nil && errors.Is(err, context.Cause(ctx)) { // no worker was done with it in time
		err = status.FromContextError(ctx.Err()).Err()
	}
	if _, ok := errors.AsType[*work.Refused](err); ok {
		s.shed.Add(1)
	}
	s.write(w, request, done, err)
}

// serve checks who calls and how often, and calls the handler.
func (s *Server) serve(ctx context.Context, w http.ResponseWriter, request *http.Request, number int, r route) (answer, error) {
	if v := request.PathValue("version"); v != "v9" && v != "v10" {
		return answer{}, &fault{status: http.StatusBadRequest, code: codeInvalidAPI, message: "Invalid API version"}
	}
	c := call{request: request}
	if !r.open {
		token, err := bearer(request.Header.Get("Authorization"))
		if err != nil {
			return answer{}, err
		}
		reply, err := s.cfg.Store.GetUserByToken(ctx, &wire.GetUserByTokenRequest{Token: token})
		if err != nil {
			return answer{}, err
		}
		c.user = reply.GetUser()
		if err := s.limit(w, request, c.user.GetId(), number, r); err != nil {
			return answer{}, err
		}
	}
	return r.do(ctx, c)
}

// limit counts the call, and says in the head of the answer how many are left.
func (s *Server) limit(w http.ResponseWriter, request *http.Request, user uint64, number int, r route) error {
	now := time.Now()
	if v := s.limits.take(bucket{user: user, route: globalRoute}, everyCall, now); !v.ok {
		s.limited.Add(1)
		w.Header().Set("X-RateLimit-Global", "true")
		return tooMany(v, now, true)
	}
	major, _ := strconv.ParseUint(request.PathValue("channel")+request.PathValue("guild"), 10, 64) // one of them is empty
	v := s.limits.take(bucket{user: user, route: number, major: major}, r.limit, now)
	name := fnv.New64a()
	_, _ = name.Write([]byte(r.method + " " + r.path))
	h := w.Header()
	h.Set("X-RateLimit-Limit", strconv.Itoa(v.limit))
	h.Set("X-RateLimit-Remaining", strconv.Itoa(v.left))
	h.Set("X-RateLimit-Reset", strconv.FormatFloat(float64(v.ends.UnixMilli())/1000, 'f', 3, 64))
	h.Set("X-RateLimit-Reset-After", strconv.FormatFloat(v.ends.Sub(now).Seconds(), 'f', 3, 64))
	h.Set("X-RateLimit-Bucket", strconv.FormatUint(name.Sum64(), 16))
	if v.ok {
		return nil
	}
	s.limited.Add(1)
	h.Set("X-RateLimit-Scope", "user")
	return tooMany(v, now, false)
}
