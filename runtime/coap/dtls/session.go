package dtls

import (
	"sync"
	"sync/atomic"

	pion "github.com/pion/dtls/v3"
)

const maxSessions = 8 // servers that are remembered

// sessionKey tells sessions apart. pion's own key has no identity: the same key under another identity would resume as the old one.
type sessionKey struct {
	identity, address string
}

// sessions are the sessions of a Dialer.
type sessions struct {
	mu    sync.Mutex
	byKey map[sessionKey]pion.Session
	order []sessionKey // the one used last at the end
}

func (s *sessions) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byKey, s.order = nil, nil
}

func (s *sessions) forget(key sessionKey) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(key)
}

// It stays a call, which is smaller at its many places.
//
//go:noinline
func (s *sessions) remove(key sessionKey) {
	delete(s.byKey, key)
	for i, each := range s.order {
		if each == key {
			s.order = append(s.order[:i], s.order[i+1:]...)
			return
		}
	}
}

// of gives the store of one server and identity, for one handshake.
func (s *sessions) of(key sessionKey) *store { return &store{sessions: s, key: key} }

// store is the pion.SessionStore of one handshake. pion's keys are not looked at: there is one session only.
type store struct {
	_        incomparable
	sessions *sessions
	key      sessionKey
	refused  atomic.Bool // the server did not resume the session
	replaced atomic.Bool // the handshake has made a new one
}

func (s *store) holds() bool {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	_, held := s.sessions.byKey[s.key]
	return held
}

func (s *store) Set(_ []byte, session pion.Session) error {
	s.replaced.Store(true)
	all := s.sessions
	all.mu.Lock()
	defer all.mu.Unlock()
	all.remove(s.key)
	for len(all.order) >= maxSessions {
		all.remove(all.order[0])
	}
	if all.byKey == nil {
		all.byKey = make(map[sessionKey]pion.Session)
	}
	all.byKey[s.key] = session
	all.order = append(all.order, s.key)
	return nil
}

// Get gives the zero value, which pion does not use, when there is none.
func (s *store) Get([]byte) (pion.Session, error) {
	s.sessions.mu.Lock()
	defer s.sessions.mu.Unlock()
	return s.sessions.byKey[s.key], nil
}

func (s *store) Del([]byte) error {
	s.refused.Store(true)
	s.sessions.forget(s.key)
	return nil
}

// incomparable stands in structs that nobody compares, for which the compiler makes no function then.
type incomparable [0]func()
