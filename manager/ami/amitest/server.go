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

// Options are the options of [NewServer].
type Options struct {
	// Accounts can log in. Default one account "test" with the secret "secret"
	// and all privileges.
	Accounts []Account
	// Banner is the greeting. Default "Asterisk Call Manager/11.0.0".
	Banner string
	// Version is the version in CoreSettings. Default "22.10.1".
	Version string
	// Files are the configuration files for GetConfig. Default none.
	Files map[string][]dialect.Section
	// Commands maps console commands to their output. Default none.
	Commands map[string][]string
	// TLS enables TLS. Default plain TCP.
	TLS *tls.Config
}

// Account is one section of manager.conf.
type Account struct {
	Name   string
	Secret string
	// Write are the write classes, such as "config"; nil means all.
	Write []string
	// OneSession sets allowmultiplelogin = no.
	OneSession bool
	// Denied denies every address.
	Denied bool
}

// Handler answers one request. As in Asterisk, the requests of one connection
// are handled in order.
type Handler func(c *Conn, r *Request)

// Server is a fake Asterisk. It is safe for concurrent use.
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

// NewServer starts a fake Asterisk on a free port of 127.0.0.1. Call
// [Server.Close] to end it. nil options mean the defaults. It panics if it
// cannot listen.
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

// Addr returns the host:port of the server, also while it is stopped.
func (s *Server) Addr() string { return s.addr }

// Start listens again at the same address after [Server.Stop]. It panics if it
// cannot listen.
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

// Stop closes every connection and stops listening, like a killed Asterisk. It
// returns when every handler has returned.
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

// Disconnect closes every connection and continues listening.
func (s *Server) Disconnect() {
	for _, c := range s.connections() {
		c.Close()
	}
}

// SetAccounts replaces the accounts, like a reload: open sessions continue.
func (s *Server) SetAccounts(accounts ...Account) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accounts = slices.Clone(accounts)
}

// Handle sets the handler of an action. Accounts need one of the write classes;
// without classes every account may run it.
func (s *Server) Handle(name string, h Handler, classes ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.actions[fold(name)] = action{classes: classes, handle: h}
}

// Event sends an event to every session that receives events. The header Event
// comes first.
func (s *Server) Event(name string, headers ...ami.Header) {
	for _, c := range s.connections() {
		if c.wantsEvents() {
			c.Send(append([]ami.Header{{Name: "Event", Value: name}}, headers...)...)
		}
	}
}

// Sessions returns the accounts of all sessions, sorted.
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

// addConn returns false if the server has stopped.
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
