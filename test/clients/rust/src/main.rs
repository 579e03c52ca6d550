//! One request for each line on standard input, through the kubeconfig in KUBECONFIG: "ask" says who we are, "reload"
//! makes the client anew. Answers with one line of JSON: {"user", "credential"} or {"error"}.

use std::io::BufRead;

use k8s_openapi::api::authentication::v1::SelfSubjectReview;
use kube::{Api, Client, Config, api::PostParams, config::KubeConfigOptions};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

async fn load() -> Result<Client, Failure> {
    let config = Config::from_kubeconfig(&KubeConfigOptions::default()).await?;
    Ok(Client::try_from(config)?)
}

async fn ask(client: &Client) -> Result<Value, Failure> {
    let reviews: Api<SelfSubjectReview> = Api::all(client.clone());
    let review = reviews.create(&PostParams::default(), &SelfSubjectReview::default()).await?;
    let info = review.status.and_then(|status| status.user_info).unwrap_or_default();
    let extra = info.extra.unwrap_or_default();
    Ok(json!({ "user": info.username, "credential": extra.get("authentication.kubernetes.io/credential-id") }))
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut client: Option<Client> = None;
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        if line == "reload" {
            client = None;
        }
        let said = async {
            if client.is_none() {
                client = Some(load().await?);
            }
            ask(client.as_ref().ok_or("no client")?).await
        };
        println!("{}", said.await.unwrap_or_else(|failure| json!({ "error": told(&*failure) })));
    }
}

/// The whole chain of causes, as people print it.
fn told(failure: &dyn std::error::Error) -> String {
    let mut text = failure.to_string();
    let mut cause = failure.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}
