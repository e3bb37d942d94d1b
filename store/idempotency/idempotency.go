// Package idempotency saves the responses to requests that create something. A client
// that lost a response repeats the request with the same key, and gets the same response
// instead of a second record. Of simultaneous requests with one key, one creates the
// record and the others get its response. Errors are not saved.
//
// What is shown only once, such as a generated secret, is encrypted for the session of
// the client, and part of the response for a short time only.
package idempotency

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/store"
)

// Header is the request header with the key of the client. It is the field of the error
// about a key that was used for another request.
const Header = "Idempotency-Key"

// kind is the kind of saved responses in the TTL store.
const kind = "idempotency"

// Options are the options of [New].
type Options struct {
	// Lifetime is how long a response is saved. Default 24 hours.
	Lifetime time.Duration
	// SecretLifetime is how long it contains what is shown only once: a client that
	// lost a response asks again immediately. Default one minute.
	SecretLifetime time.Duration
	// Clock returns the current time. Default time.Now.
	Clock func() time.Time
}

// Responses saves responses. It is safe for concurrent use.
type Responses struct {
	ttl     store.TTLStore
	keyring *store.Keyring
	opts    Options // with the defaults filled in
	running runs
}

// New returns the responses in ttl. keyring encrypts what is shown only once. nil
// options mean the defaults. New panics if a lifetime is negative, because this is a
// programming error.
func New(ttl store.TTLStore, keyring *store.Keyring, opts *Options) *Responses {
	if opts == nil {
		opts = &Options{}
	}
	if opts.Lifetime < 0 || opts.SecretLifetime < 0 {
		panic("idempotency: a lifetime is negative")
	}
	filled := Options{
		Lifetime: cmp.Or(opts.Lifetime, 24*time.Hour), SecretLifetime: cmp.Or(opts.SecretLifetime, time.Minute), Clock: opts.Clock,
	}
	if filled.Clock == nil {
		filled.Clock = time.Now
	}
	return &Responses{ttl: ttl, keyring: keyring, opts: filled}
}

// Request is a request that may be repeated.
type Request struct {
	// Key is the key of the client. Without it, nothing is saved or found.
	Key string
	// Place separates the keys of different accounts, kinds of records and owners.
	// The rights of the account belong here, so that a response is not given to an
	// account that has lost them.
	Place []string
	// Body is the body of the request. A key is valid for one body.
	Body []byte
	// Session is the session of the client. Only it gets again what is shown only once.
	Session store.Secret
}

// place returns the key in the TTL store.
func (r *Request) place() string {
	return hash(strings.Join(append(append([]string{}, r.Place...), r.Key), "\x00"))
}

// sealContext binds an encrypted response to its place and to the session.
func (r *Request) sealContext() string {
	return kind + "/" + r.place() + "/" + hash(r.Session.Reveal())
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Response is the response to a creation. Body is JSON, and so is WithoutSecret, which is
// Body without what is shown only once; nil if that is all of it.
type Response struct {
	ETag, Location      string
	Body, WithoutSecret json.RawMessage
}

// saved is a response in the TTL store.
type saved struct {
	// Request is the hash of the body of the request.
	Request  string          `json:"request"`
	ETag     string          `json:"etag"`
	Location string          `json:"location"`
	Body     json.RawMessage `json:"body"`
	// Sealed is the body with what is shown only once, valid until SecretUntil. It is
	// nil if there is no secret.
	Sealed      []byte    `json:"sealed,omitempty"`
	SecretUntil time.Time `json:"secret_until,omitzero"`
}

// Create creates a record in the transaction of ctx, and returns the response.
type Create func(ctx context.Context) (*Response, error)

// Do creates a record, or returns the response to the same request. prepare does what is
// slow, such as hashing a password, and returns the function that creates the record.
// Creating and saving the response are one transaction. Do returns a
// [store.InvalidError] on [Header] if the key was used with another body.
func (s *Responses) Do(ctx context.Context, r *Request, prepare func() (Create, error)) (*Response, error) {
	if found, err := s.find(ctx, r); found != nil || err != nil {
		return found, err
	}
	create, err := prepare()
	if err != nil {
		return nil, err
	}
	var response *Response
	err = s.ttl.RunInTx(ctx, func(ctx context.Context) (err error) {
		response, err = s.findOrCreate(ctx, r, create)
		return err
	})
	return response, err
}

// findOrCreate returns the response that is saved by now, or creates the record and
// saves the response.
func (s *Responses) findOrCreate(ctx context.Context, r *Request, create Create) (*Response, error) {
	if found, err := s.find(ctx, r); found != nil || err != nil {
		return found, err
	}
	created, err := create(ctx)
	if err != nil || r.Key == "" {
		return created, err
	}
	now := s.opts.Clock()
	value := saved{Request: hash(string(r.Body)), ETag: created.ETag, Location: created.Location, Body: created.Body}
	if created.WithoutSecret != nil {
		value.Body = created.WithoutSecret
		value.Sealed, value.SecretUntil = s.keyring.Seal(created.Body, r.sealContext()), now.Add(s.opts.SecretLifetime)
	}
	data, err := json.Marshal(value)
	if err != nil {
		return nil, fmt.Errorf("saving the response: %w", err)
	}
	return created, s.ttl.Put(ctx, kind, r.place(), data, now.Add(s.opts.Lifetime))
}

// find returns the saved response to the request, nil if there is none.
func (s *Responses) find(ctx context.Context, r *Request) (*Response, error) {
	if r.Key == "" {
		return nil, nil
	}
	now := s.opts.Clock()
	data, err := s.ttl.Get(ctx, kind, r.place(), now)
	switch {
	case errors.Is(err, store.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	var earlier saved
	if err := json.Unmarshal(data, &earlier); err != nil {
		return nil, fmt.Errorf("reading a saved response: %w", err)
	}
	if earlier.Request != hash(string(r.Body)) {
		return nil, store.NewInvalidError(store.FieldError{
			Field: Header, Code: store.CodeReused, Message: "this key was used for another request; choose a new key for each record",
		})
	}
	response := &Response{ETag: earlier.ETag, Location: earlier.Location, Body: earlier.Body}
	if earlier.Sealed != nil && now.Before(earlier.SecretUntil) {
		if body, err := s.keyring.Open(earlier.Sealed, r.sealContext()); err == nil {
			response.Body = body
		}
	}
	return response, nil
}
