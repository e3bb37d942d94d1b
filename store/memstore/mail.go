package memstore

import (
	"cmp"
	"context"
	"strconv"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

// mailKey returns the key of the table, unique for each pair.
func mailKey(userID store.UserID, kind usermail.Kind) string {
	return strconv.Itoa(len(userID)) + ":" + string(userID) + string(kind)
}

// PutMail implements [mailqueue.Store].
func (m userStore) PutMail(ctx context.Context, mail *mailqueue.Mail) error {
	stored := *mail
	truncateTimes(&stored.RequestedAt, &stored.FirstAttemptAt, &stored.NextAttemptAt, &stored.UpdatedAt)
	return m.writeTeam(ctx, func(t *team) error {
		if _, found := t.users.get(string(stored.UserID)); !found {
			return userNotFound()
		}
		t.mails.put(mailKey(stored.UserID, stored.Kind), stored)
		return nil
	})
}

// Mails implements [mailqueue.Store].
func (m userStore) Mails(ctx context.Context, userID store.UserID) ([]*mailqueue.Mail, error) {
	mails := []*mailqueue.Mail{}
	err := m.readTeam(ctx, func(t *team) error {
		for r := range t.mails.seq("", false) { // the mails of a user are sorted by kind
			if mail := r.value; mail.UserID == userID {
				mails = append(mails, &mail)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return mails, nil
}

// NextMail implements [mailqueue.Store].
func (m userStore) NextMail(ctx context.Context) (next *mailqueue.Mail, err error) {
	err = m.readTeam(ctx, func(t *team) error {
		for r := range t.mails.seq("", false) {
			if mail := r.value; mail.Waiting() && (next == nil || compareNext(&mail, next) < 0) {
				next = &mail
			}
		}
		if next == nil {
			return &store.NotFoundError{Kind: "mail"}
		}
		return nil
	})
	return next, err
}

// compareNext compares mails in the order of NextMail.
func compareNext(a, b *mailqueue.Mail) int {
	return cmp.Or(a.NextAttemptAt.Compare(b.NextAttemptAt), cmp.Compare(a.UserID, b.UserID), cmp.Compare(a.Kind, b.Kind))
}

// DeleteMail implements [mailqueue.Store].
func (m userStore) DeleteMail(ctx context.Context, userID store.UserID, kind usermail.Kind) error {
	return m.writeTeam(ctx, func(t *team) error {
		t.mails.remove(mailKey(userID, kind))
		return nil
	})
}
