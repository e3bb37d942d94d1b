package web

// publicRoutes are the pages of people who have a link, or have forgotten
// their password. Nobody is logged in there.
func publicRoutes() []route {
	const password, softphone = "/person/password/{token}", "/person/softphone/{token}"
	open := []route{
		get(password, "", (*pageHandler).ownPasswordForm),
		post(password, "", (*pageHandler).ownPasswordSet),
		post(password+"/renew", "", (*pageHandler).ownPasswordRenew),
		get("/person/password", "", (*pageHandler).ownPasswordDone),
		get("/person/forgot", "", (*pageHandler).forgotPasswordForm),
		post("/person/forgot", "", (*pageHandler).forgotPassword),
		get("/person/sent", "", (*pageHandler).forgotPasswordSent),
		get(softphone, "", (*pageHandler).softphoneLanding),
		get(softphone+"/qr.png", "", (*pageHandler).softphoneQR),
		get(softphone+"/linphone.xml", "", (*pageHandler).softphoneLinphone),
		get(softphone+"/account.json", "", (*pageHandler).softphoneAccount),
	}
	for i := range open {
		open[i].open = true
	}
	return open
}
