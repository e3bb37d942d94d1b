package web

// publicRoutes are the pages of people who have a link, or have forgotten
// their password. Nobody is logged in there.
func publicRoutes() []route {
	const password, softphone = "/person/password/{token}", "/person/softphone/{token}"
	open := []route{
		get(password, "", (*visit).ownPasswordForm),
		post(password, "", (*visit).ownPasswordSet),
		post(password+"/renew", "", (*visit).ownPasswordRenew),
		get("/person/password", "", (*visit).ownPasswordDone),
		get("/person/forgot", "", (*visit).forgottenForm),
		post("/person/forgot", "", (*visit).forgotten),
		get("/person/sent", "", (*visit).forgottenSent),
		get(softphone, "", (*visit).softphoneLanding),
		get(softphone+"/qr.png", "", (*visit).softphoneQR),
		get(softphone+"/linphone.xml", "", (*visit).softphoneLinphone),
		get(softphone+"/account.json", "", (*visit).softphoneAccount),
	}
	for i := range open {
		open[i].open = true
	}
	return open
}
