//! An HTTP server of the test's own: it plays STS, a proxy or anything else that answers.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What the server does with a request.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// A response of this status, with these header lines and this body.
    Http(u16, &'static str, String),
    /// The connection is closed at once.
    Close,
    /// The connection is closed within the body.
    Cut,
}

/// A server, and the heads and bodies of the requests that it got.
pub(super) struct Loopback {
    pub port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Loopback {
    /// Starts a server that answers each request by `answer`, and closes the connection then.
    pub(super) fn start(answer: impl Fn(&str) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let (answer, log) = (Arc::new(answer), requests.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (answer, log) = (answer.clone(), log.clone());
                std::thread::spawn(move || serve(stream, &*answer, &log));
            }
        });
        Self { port, requests }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn requests(&self) -> Vec<String> {
        self.requests.lock().expect("no panic").clone()
    }
}

fn serve(mut stream: TcpStream, answer: &dyn Fn(&str) -> Answer, log: &Mutex<Vec<String>>) {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    while !is_whole(&bytes) {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
    let request = String::from_utf8_lossy(&bytes).into_owned();
    log.lock().expect("no panic").push(request.clone());
    let response = match answer(&request) {
        Answer::Close => return,
        Answer::Cut => "HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n<GetCaller".to_owned(),
        Answer::Http(status, headers, body) => {
            format!("HTTP/1.1 {status} X\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())
        }
    };
    let _ = stream.write_all(response.as_bytes());
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes);
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.to_ascii_lowercase();
    let length = length.lines().find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    body.len() >= length.unwrap_or(0)
}

/// An STS that knows the backend's identity and refuses to assume any role.
pub(super) fn sts(request: &str) -> Answer {
    if request.contains("GetCallerIdentity") {
        identity("999999999999")
    } else {
        refusal(403, "AccessDenied", "not authorized to perform: sts:AssumeRole")
    }
}

/// The answer of GetCallerIdentity.
pub(super) fn identity(account: &str) -> Answer {
    let body = format!(
        "<GetCallerIdentityResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><GetCallerIdentityResult>\
         <Arn>arn:aws:iam::{account}:user/operator</Arn><UserId>A</UserId><Account>{account}</Account>\
         </GetCallerIdentityResult><ResponseMetadata><RequestId>r-1</RequestId></ResponseMetadata></GetCallerIdentityResponse>"
    );
    Answer::Http(200, "content-type: text/xml\r\n", body)
}

/// An error of STS.
pub(super) fn refusal(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\
         <RequestId>r-2</RequestId></ErrorResponse>"
    );
    Answer::Http(status, "content-type: text/xml\r\n", body)
}
