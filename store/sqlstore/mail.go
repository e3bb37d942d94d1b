package sqlstore

import (
	"context"
	"fmt"
	"math"
	"time"

	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/userman/mailqueue"
	"github.com/pbxusers/pbxusers/userman/usermail"
)

func mailTable() table {
	return table{
		name: "pbxusers_mails", keyLen: 3,
		columns: []string{
			"team", "user_id", "kind", "status", "message", "attempts", "requested_by_kind", "requested_by_name",
			"requested_at", "first_attempt_at", "next_attempt_at", "updated_at", "seal",
		},
	}
}

// mailSealContext is the encryption context of the seal of a mail: all other columns,
// because the audit log has no mails.
func mailSealContext(columns []string) string { return fmt.Sprintf("pbxusers_mails/%q", columns) }

// provenMails returns the first n mails of a query. It leaves out rows that were added
// or changed outside the program: such a row would send a mail in the name of another
// actor.
func (m userStore) provenMails(ctx context.Context, q querier, op string, n int, text string, args ...any) ([]*mailqueue.Mail, error) {
	rows, err := q.QueryContext(ctx, text, args...)
	if err != nil {
		return nil, m.wrapError(ctx, op, err)
	}
	defer func() { _ = rows.Close() }()
	mails, modified := []*mailqueue.Mail{}, false
	for len(mails) < n && rows.Next() {
		mail, seal, err := decodeMail(rows)
		if err != nil {
			return nil, m.wrapError(ctx, op, err)
		}
		if _, err := m.keyring.Open(seal, mailSealContext(m.mailTexts(mail))); err != nil {
			modified = true
			continue
		}
		mails = append(mails, mail)
	}
	if modified {
		m.logModifiedRow(ctx, "mail")
	}
	return mails, m.wrapError(ctx, op, rows.Err())
}

// decodeMail decodes one row of the columns of mailTable.
func decodeMail(row scanner) (mail *mailqueue.Mail, seal []byte, err error) {
	mail, team, times := &mailqueue.Mail{}, "", make(micros, 4)
	err = row.Scan(append([]any{
		&team, &mail.UserID, &mail.Kind, &mail.Status, &mail.Message, &mail.Attempts, &mail.RequestedBy.Kind, &mail.RequestedBy.Name,
	}, append(times.columns(), &seal)...)...)
	times.decode(&mail.RequestedAt, &mail.FirstAttemptAt, &mail.NextAttemptAt, &mail.UpdatedAt)
	return mail, seal, err
}

// PutMail implements [mailqueue.Store].
func (m userStore) PutMail(ctx context.Context, mail *mailqueue.Mail) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		if err := m.requireUser(ctx, q, mail.UserID); err != nil {
			return err
		}
		if _, err := q.ExecContext(ctx, mailTable().deleteByKey(), m.team, mail.UserID, mail.Kind); err != nil {
			return m.wrapError(ctx, "put mail", err)
		}
		_, err := q.ExecContext(ctx, mailTable().insert(), m.encodeMail(mail)...)
		return m.wrapError(ctx, "put mail", err)
	})
}

// encodeMail returns the values of the columns of mailTable.
func (m userStore) encodeMail(mail *mailqueue.Mail) []any {
	return append(m.mailValues(mail), m.keyring.Seal(nil, mailSealContext(m.mailTexts(mail))))
}

// mailValues returns the values of the columns of mailTable without the seal, and
// mailTexts returns them as texts.
func (m userStore) mailValues(mail *mailqueue.Mail) []any {
	return []any{
		m.team, string(mail.UserID), string(mail.Kind), string(mail.Status), mail.Message, mail.Attempts,
		string(mail.RequestedBy.Kind), mail.RequestedBy.Name,
		mail.RequestedAt.UnixMicro(), mail.FirstAttemptAt.UnixMicro(), mail.NextAttemptAt.UnixMicro(), mail.UpdatedAt.UnixMicro(),
	}
}

func (m userStore) mailTexts(mail *mailqueue.Mail) []string {
	values := m.mailValues(mail)
	texts := make([]string, len(values))
	for i, value := range values {
		texts[i] = fmt.Sprint(value)
	}
	return texts
}

// Mails implements [mailqueue.Store].
func (m userStore) Mails(ctx context.Context, userID store.UserID) (mails []*mailqueue.Mail, err error) {
	text := mailTable().selectAll() + " WHERE team = ? AND user_id = ? ORDER BY kind"
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		mails, err = m.provenMails(ctx, q, "list mails", math.MaxInt, text, m.team, userID)
		return err
	})
	return mails, err
}

// nextMailSQL reads the waiting mails, the one with the earliest next attempt first.
func nextMailSQL() string {
	return mailTable().selectAll() + " WHERE team = ? AND next_attempt_at > ? ORDER BY next_attempt_at, user_id, kind"
}

// NextMail implements [mailqueue.Store].
func (m userStore) NextMail(ctx context.Context) (next *mailqueue.Mail, err error) {
	err = m.read(ctx, func(ctx context.Context, q querier) error {
		mails, err := m.provenMails(ctx, q, "read mail", 1, nextMailSQL(), m.team, time.Time{}.UnixMicro())
		switch {
		case err != nil:
			return err
		case len(mails) == 0:
			return &store.NotFoundError{Kind: "mail"}
		}
		next = mails[0]
		return nil
	})
	return next, err
}

// DeleteMail implements [mailqueue.Store].
func (m userStore) DeleteMail(ctx context.Context, userID store.UserID, kind usermail.Kind) error {
	return m.write(ctx, func(ctx context.Context, q querier) error {
		_, err := q.ExecContext(ctx, mailTable().deleteByKey(), m.team, userID, kind)
		return m.wrapError(ctx, "delete mail", err)
	})
}
