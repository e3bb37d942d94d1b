package idempotency

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/pbxusers/pbxusers/store"
)

// Answer is the answer to a request that must not run twice, in any format.
type Answer struct {
	Body []byte
	// Save says that later repetitions get this answer. An error is not saved: the
	// client may try again.
	Save bool
}

// Once runs a request, or returns the answer to the same request: the same key and
// body. It is for requests that are not one short transaction, see [Responses.Do] for
// those. Of simultaneous requests in this process one runs, and the others wait for its
// answer. An answer that run wants to be saved is encrypted for the session, and given to
// repetitions until [Options].SecretLifetime has passed.
//
// The context of run does not end with ctx: a browser closes the connection of the first
// request when its user submits a form twice. run bounds its time. An error of run is
// returned to its request only; a waiting request runs then. repeated reports whether
// another request ran.
func (s *Responses) Once(ctx context.Context, r *Request, run func(ctx context.Context) (Answer, error)) (body []byte, repeated bool, err error) {
	if r.Key == "" {
		answer, err := run(context.WithoutCancel(ctx))
		return answer.Body, false, err
	}
	once := *r
	once.Key = r.Key + "\x00" + hash(string(r.Body))
	for {
		current, first := s.running.join(once.sealContext())
		if first {
			return s.runOnce(ctx, &once, current, run)
		}
		select {
		case <-ctx.Done():
			return nil, false, ctx.Err()
		case <-current.ended:
		}
		if current.answered {
			return current.body, true, nil
		}
	}
}

// runOnce runs a request unless its answer is saved, and gives the answer to the
// requests that wait for it.
func (s *Responses) runOnce(ctx context.Context, r *Request, current *run, work func(ctx context.Context) (Answer, error)) (body []byte, repeated bool, err error) {
	defer s.running.leave(r.sealContext(), current)
	ctx = context.WithoutCancel(ctx)
	saved, err := s.find(ctx, r)
	if err != nil {
		return nil, false, err
	}
	if saved != nil && string(saved.Body) != "null" {
		current.body, current.answered = saved.Body, true
		return saved.Body, true, nil
	}
	answer, err := work(ctx)
	if err != nil {
		return nil, false, err
	}
	current.body, current.answered = answer.Body, true
	if !answer.Save {
		return answer.Body, false, nil
	}
	return answer.Body, false, s.saveAnswer(ctx, r, answer.Body)
}

// saveAnswer saves an answer. One that is too large is not saved.
func (s *Responses) saveAnswer(ctx context.Context, r *Request, body []byte) error {
	until := s.opts.Clock().Add(s.opts.SecretLifetime)
	data, err := json.Marshal(saved{Request: hash(string(r.Body)), Sealed: s.keyring.Seal(body, r.sealContext()), SecretUntil: until})
	if err != nil {
		return fmt.Errorf("saving an answer: %w", err)
	}
	if err := s.ttl.Put(ctx, kind, r.place(), data, until); !errors.Is(err, store.ErrInvalid) {
		return err
	}
	return nil
}

// runs are the requests of [Responses.Once] that run.
type runs struct {
	mu      sync.Mutex
	byPlace map[string]*run
}

// run is a request that runs. Its answer is read after it has ended.
type run struct {
	ended    chan struct{}
	answered bool
	body     []byte
}

// join returns the request that runs at that place; first says that it is new.
func (r *runs) join(place string) (_ *run, first bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if current, ok := r.byPlace[place]; ok {
		return current, false
	}
	if r.byPlace == nil {
		r.byPlace = map[string]*run{}
	}
	current := &run{ended: make(chan struct{})}
	r.byPlace[place] = current
	return current, true
}

// leave ends a request.
func (r *runs) leave(place string, ended *run) {
	r.mu.Lock()
	delete(r.byPlace, place)
	r.mu.Unlock()
	close(ended.ended)
}
