package api_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/pbxusers/pbxusers/userman"
)

// noPost is a mail server that must not be called.
type noPost struct{ t *testing.T }

func (p noPost) Send(context.Context, *userman.Message) error {
	p.t.Error("a mail was sent")
	return nil
}

func TestAMailIsReadBeforeItIsSent(t *testing.T) {
	t.Parallel()
	h := startWith(t, func(o *userman.Options) {
		o.Mailer = noPost{t}
		o.Directories = append(o.Directories, passwordOffice{})
	})
	h.person(t, userman.User{Username: "jane.roe", FirstName: "Jane", Email: "jane@example.com", DefaultExtension: "200"})
	v := h.as(t, "root")
	for kind, says := range map[string]string{"welcome": "has been set up for you", "reset": "asked for a new password"} {
		mail := v.call(t, http.MethodGet, "/users/Jane.Roe/mails/"+kind, nil).is(t, http.StatusOK).object(t)
		require.Equal(t, "jane@example.com", mail["to"])
		require.Equal(t, "Jane", mail["to_name"])
		require.NotEmpty(t, mail["subject"])
		require.Contains(t, mail["text"], says)
		require.Contains(t, mail["text"], h.URL+userman.SetPasswordPath)
		require.Contains(t, mail["html"], "<p")
	}
	v.call(t, http.MethodGet, "/users/jane.roe/mails/newsletter", nil).refuses(t, http.StatusUnprocessableEntity, "path.kind oneof")
	v.call(t, http.MethodGet, "/users/nobody/mails/welcome", nil).is(t, http.StatusNotFound)
	h.narrowed(t).call(t, http.MethodGet, "/users/jane.roe/mails/welcome", nil).is(t, http.StatusForbidden)

	v.call(t, http.MethodPost, "/directories/"+branch+"/sync", nil).is(t, http.StatusOK)
	require.Equal(t, true, v.call(t, http.MethodGet, "/users/ann", nil).is(t, http.StatusOK).object(t)["password_elsewhere"])
	require.Equal(t, false, v.call(t, http.MethodGet, "/users/jane.roe", nil).is(t, http.StatusOK).object(t)["password_elsewhere"])
	refused := v.call(t, http.MethodGet, "/users/ann/mails/reset", nil).is(t, http.StatusConflict)
	require.Contains(t, refused.problem(t).Detail, "keeps the password")
	v.call(t, http.MethodGet, "/users/ann/mails/welcome", nil).is(t, http.StatusOK)
}

// passwordOffice is a directory that keeps passwords.
type passwordOffice struct{ branchOffice }

func (passwordOffice) Abilities() userman.Abilities {
	return userman.Abilities{Authenticate: true, Sync: true}
}
