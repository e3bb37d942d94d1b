package amitest

import (
	"crypto/tls"
	"maps"
	"net"
	"slices"
	"sync"

	"github.com/pbxusers/pbxusers/asteriskconf/dialect"
	"github.com/pbxusers/pbxusers/manager/ami"
)

// Options are what a fake Asterisk is made of.
type Options struct {
	// Accounts can log in. Defaults to one named "test" with the secret
	// "secret" that may do everything.
	Accounts []Account
	// Banner is the greeting. Defaults to "Asterisk Call Manager/11.0.0".
	Banner string
	// Version is what CoreSettings tells. Defaults to "22.10.1".
	Version string
	// Files are the configuration files that GetConfig and ListCategories
	// show. Defaults to none.
	Files map[string][]dialect.Section
	// Commands are the console commands, with what they print. Defaults to
	// none.
	Commands map[string][]string
	// TLS makes the server speak TLS. Defaults to plain TCP.
	TLS *tls.Config
}

// Account is one section of manager.conf.
type Account struct {
	Name   string
	Secret string
	// Write are the write classes, such as "config"; nil means all of them.
	Write []string
	// OneSession is "allowmultiplelogin = no".
	OneSession bool
	// Denied is a deny of every address.
	Denied bool
}

// Handler answers one request. Requests of one connection are handled one
// after the other, as in Asterisk.
type Handler func(c *Conn, r *Request)

// Server is a fake Asterisk. Its methods may be called at any time by many
// goroutines.
type Server struct {
	opts    Options
	addr    string
	workers sync.WaitGroup

	mu        sync.Mutex
	listener  net.Listener
	listening bool
	actions   map[string]action
	accounts  []Account
	conns     map[*Conn]struct{}
}

type action struct {
	classes []string
	handle  Handler
}

// NewServer starts a fake Asterisk on a free port of 127.0.0.1, which
// [Server.Close] ends. nil options work. It panics when it cannot listen.
func NewServer(opts *Options) *Server {
	s := &Server{conns: map[*Conn]struct{}{}, addr: "127.0.0.1:0"}
	if opts != nil {
		s.opts = *opts
	}
	if s.opts.Banner == "" {
		s.opts.Banner = "Asterisk Call Manager/11.0.0"
	}
	if s.opts.Version == "" {
		s.opts.Version = "22.10.1"
	}
	s.accounts = slices.Clone(s.opts.Accounts)
	if len(s.accounts) == 0 {
		s.accounts = []Account{{Name: "test", Secret: "secret"}}
	}
	s.actions = defaultActions()
	s.Start()
	return s
}

// Addr returns the host:port that the server listens on, also while it is
// stopped.
func (s *Server) Addr() string { return s.addr }

// Start listens again at the same address after [Server.Stop]. It panics
// when it cannot.
func (s *Server) Start() {
	listener, err := net.Listen("tcp", s.addr)
	if err != nil {
		panic("amitest: " + err.Error())
	}
	s.addr = listener.Addr().String()
	if s.opts.TLS != nil {
		listener = tls.NewListener(listener, s.opts.TLS)
	}
	s.mu.Lock()
	s.listener, s.listening = listener, true
	s.mu.Unlock()
	s.workers.Go(func() { s.accept(listener) })
}

// Stop cuts every connection and listens no more, as an Asterisk that is
// killed. It returns when every handler has.
func (s *Server) Stop() {
	s.mu.Lock()
	_ = s.listener.Close()
	s.listening = false
	s.mu.Unlock()
	s.Disconnect()
	s.workers.Wait()
}

// Close ends the server.
func (s *Server) Close() { s.Stop() }

// Disconnect cuts every connection, and goes on listening.
func (s *Server) Disconnect() {
	for _, c := range s.connections() {
		c.Close()
	}
}

// SetAccounts replaces the accounts, as a reload does: who is logged in
// stays.
func (s *Server) SetAccounts(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = slices.Clone(accounts)
}

// Handle answers the action of that name with h from now on, in place of what
// the server would do. Accounts need one of the write classes; without any
// every account may.
func (s *Server) Handle(name string, h Handler, classes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[fold(name)] = action{classes: classes, handle: h}
}

// Event sends an event to every connection that logged in and wants events.
// The header Event comes first.
func (s *Server) Event(name string, headers ...ami.Header) {
	for _, c := range s.connections() {
		if c.wantsEvents() {
			c.Send(append([]ami.Header{{Name: "Event", Value: name}}, headers...)...)
		}
	}
}

// Sessions returns the account of each connection that is logged in, sorted.
func (s *Server) Sessions() []string {
	var names []string
	for _, c := range s.connections() {
		if name := c.Account().Name; name != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Server) connections() []*Conn {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.conns))
}

func (s *Server) accept(listener net.Listener) {
	for {
		raw, err := listener.Accept()
		if err != nil {
			return
		}
		c := &Conn{server: s, raw: raw}
		if !s.addConn(c) {
			_ = raw.Close()
			return
		}
		s.workers.Go(c.serve)
	}
}

// addConn reports false when the server has stopped meanwhile.
func (s *Server) addConn(c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.listening {
		s.conns[c] = struct{}{}
	}
	return s.listening
}

func (s *Server) removeConn(c *Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

func (s *Server) action(name string) (action, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.actions[fold(name)]
	return a, ok
}

func (s *Server) account(name string) (Account, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, a := range s.accounts {
		if fold(a.Name) == fold(name) {
			return a, true
		}
	}
	return Account{}, false
}
