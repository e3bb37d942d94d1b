package websession_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/pbxusers/pbxusers/ampusers"
	"github.com/pbxusers/pbxusers/ampusers/websession"
	"github.com/pbxusers/pbxusers/store"
	"github.com/pbxusers/pbxusers/store/credential"
	"github.com/pbxusers/pbxusers/store/memstore"
)

func ExampleManager_Handler() {
	ctx := context.Background()
	db := memstore.New()
	administrators := ampusers.New(db.Administrators(), &ampusers.Options{
		Sections: []ampusers.Section{{ID: "phones", Name: "Phones"}}, TTLStore: db.TTLStore(),
		Argon2: credential.Argon2{Memory: 64, Time: 1, Threads: 1}, // cheap, for this example
	})
	jane := &ampusers.Administrator{Username: "jane.admin", Sections: []string{"phones"}}
	if _, err := administrators.Create(ctx, jane, store.NewSecret("walnut-harbour-tulip-93")); err != nil {
		fmt.Println(err)
		return
	}

	sessions := websession.New(administrators, db.TTLStore(), nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /login", func(w http.ResponseWriter, r *http.Request) {
		login, err := sessions.LogIn(r.Context(), credential.LoginAttempt{
			Username: r.FormValue("username"), Password: store.NewSecret(r.FormValue("password")),
		})
		switch {
		case err != nil:
			http.Error(w, err.Error(), http.StatusUnauthorized)
		case login.MFARequired():
			http.Redirect(w, r, "/login/code", http.StatusSeeOther) // which calls ConfirmMFA
		default:
			http.Redirect(w, r, "/phones", http.StatusSeeOther)
		}
	})
	mux.HandleFunc("GET /phones", func(w http.ResponseWriter, r *http.Request) {
		admin, err := sessions.Require(r.Context(), "phones")
		if err != nil {
			http.Error(w, err.Error(), http.StatusUnauthorized)
			return
		}
		_, _ = fmt.Fprintf(w, "the phones that %s manages", admin.Username)
	})
	handler := sessions.Handler(mux)

	form := url.Values{"username": {"jane.admin"}, "password": {"walnut-harbour-tulip-93"}}
	login := httptest.NewRequestWithContext(ctx, http.MethodPost, "/login", strings.NewReader(form.Encode()))
	login.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	loggedIn := httptest.NewRecorder()
	handler.ServeHTTP(loggedIn, login)
	fmt.Println(loggedIn.Header().Get("Location"))

	visit := httptest.NewRequestWithContext(ctx, http.MethodGet, "/phones", nil)
	anonymous, page := httptest.NewRecorder(), httptest.NewRecorder()
	handler.ServeHTTP(anonymous, visit)
	fmt.Println(strings.TrimSpace(anonymous.Body.String()))
	visit.Header.Set("Cookie", loggedIn.Header().Get("Set-Cookie"))
	handler.ServeHTTP(page, visit)
	fmt.Println(page.Body)
	// Output:
	// /phones
	// log in first
	// the phones that jane.admin manages
}

func ExampleOrigin_Handler() {
	origin := &websession.Origin{
		URL:  &url.URL{Scheme: "https", Host: "pbx.example.com"},
		Deny: func(w http.ResponseWriter, _ *http.Request, status int) { http.Error(w, "rejected", status) },
	}
	handler := origin.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, "served") }))

	for _, site := range []string{"same-origin", "cross-site"} {
		request := httptest.NewRequestWithContext(context.Background(), http.MethodPost, "https://pbx.example.com/phones", nil)
		request.Header.Set("Sec-Fetch-Site", site)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		fmt.Println(site, answer.Code)
	}
	// Output:
	// same-origin 200
	// cross-site 403
}

func ExampleManager_PutSecret() {
	ctx, db := context.Background(), memstore.New()
	sessions := websession.New(ampusers.New(db.Administrators(), nil), db.TTLStore(), nil)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /keys", func(w http.ResponseWriter, r *http.Request) {
		sessions.PutSecret(r.Context(), "key", "crm", time.Time{}, store.NewSecret("s3cr3t"))
		http.Redirect(w, r, "/keys/crm", http.StatusSeeOther)
	})
	mux.HandleFunc("GET /keys/crm", func(w http.ResponseWriter, r *http.Request) {
		secret := sessions.TakeSecret(r, "key", "crm", time.Time{})
		_, _ = fmt.Fprintf(w, "key: %q", secret.Reveal())
	})
	handler := sessions.Handler(mux)

	created := httptest.NewRecorder()
	handler.ServeHTTP(created, httptest.NewRequestWithContext(ctx, http.MethodPost, "/keys", nil))
	for range 2 {
		request, page := httptest.NewRequestWithContext(ctx, http.MethodGet, "/keys/crm", nil), httptest.NewRecorder()
		request.Header.Set("Cookie", created.Header().Get("Set-Cookie"))
		handler.ServeHTTP(page, request)
		fmt.Println(page.Body)
	}
	// Output:
	// key: "s3cr3t"
	// key: ""
}
