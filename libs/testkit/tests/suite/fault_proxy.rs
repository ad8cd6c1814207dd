//! The proxy's faults, seen from both ends of a connection.

use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use redis::AsyncCommands;
use sqlx::migrate::Migrator;
use sqlx::{Connection, PgConnection};
use testkit::{
    Counts, FaultProxy, Mode, ResetAt, TestCluster, TestDatabase, Upstream, Way, eventually,
    redis_prefix,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::{Instant, timeout};

use crate::DEADLINE;

/// A server that notes what it gets and sends it back.
struct Echo {
    addr: SocketAddr,
    got: Arc<Mutex<Vec<u8>>>,
    _serving: JoinSet<()>,
}

impl Echo {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let addr = listener.local_addr().unwrap();
        let got = Arc::new(Mutex::new(Vec::new()));
        let noted = Arc::clone(&got);
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                connections.spawn(echo(connection, Arc::clone(&noted)));
            }
        });
        Self {
            addr,
            got,
            _serving: serving,
        }
    }

    fn got(&self) -> String {
        String::from_utf8(self.got.lock().unwrap().clone()).unwrap()
    }
}

async fn echo(mut connection: TcpStream, noted: Arc<Mutex<Vec<u8>>>) {
    let mut piece = [0; 1024];
    while let Ok(bytes @ 1..) = connection.read(&mut piece).await {
        noted.lock().unwrap().extend_from_slice(&piece[..bytes]);
        if connection.write_all(&piece[..bytes]).await.is_err() {
            return;
        }
    }
    // The client's end is answered, so that a half-closed connection can be seen from both sides.
    let _ = connection.write_all(b"bye").await;
}

struct Setup {
    server: Echo,
    proxy: FaultProxy,
}

async fn setup() -> Setup {
    let server = Echo::start().await;
    let proxy = FaultProxy::start(server.addr).await;
    Setup { server, proxy }
}

impl Setup {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.proxy.addr()).await.unwrap()
    }

    /// A connection that has carried something both ways.
    async fn connected(&self) -> TcpStream {
        let mut client = self.connect().await;
        assert_eq!(say(&mut client, "hello ").await.unwrap(), "hello ");
        client
    }

    async fn faults(&self, count: u64) {
        let what = format!("{count} faults");
        eventually(DEADLINE, &what, async || {
            self.proxy.counts().faults >= count
        })
        .await;
    }

    async fn server_got(&self, text: &str) {
        eventually(DEADLINE, text, async || self.server.got() == text).await;
    }
}

/// Sends `text` and returns what comes back first; empty at the end of the connection.
async fn say(client: &mut TcpStream, text: &str) -> std::io::Result<String> {
    client.write_all(text.as_bytes()).await?;
    hear(client).await
}

async fn hear(client: &mut TcpStream) -> std::io::Result<String> {
    let mut piece = [0; 1024];
    let bytes = timeout(DEADLINE, client.read(&mut piece)).await.unwrap()?;
    Ok(String::from_utf8(piece[..bytes].to_vec()).unwrap())
}

fn kind(heard: std::io::Result<String>) -> ErrorKind {
    heard.unwrap_err().kind()
}

#[tokio::test]
async fn postgres_and_redis_are_reached_by_url() {
    let nothing = Migrator::with_migrations(Vec::new());
    let database = TestDatabase::new("testkit", &nothing).await;
    let proxy = FaultProxy::before(&database.app_url()).await;
    let through = proxy.url(&database.app_url());
    let mut postgres = PgConnection::connect(&through).await.unwrap();
    let answer: (String, i32) = sqlx::query_as("SELECT current_user::text, 42")
        .fetch_one(&mut postgres)
        .await
        .unwrap();
    assert_eq!(answer, ("testkit_app".to_owned(), 42));
    assert_eq!(proxy.counts().connections, 1);

    let cluster = TestCluster::shared().await;
    let proxy = FaultProxy::before(cluster.redis_url()).await;
    let client = redis::Client::open(proxy.url(cluster.redis_url())).unwrap();
    let mut redis = client.get_multiplexed_async_connection().await.unwrap();
    let key = redis_prefix() + "key";
    let () = redis.set_ex(&key, 1, 60).await.unwrap();
    assert!(proxy.counts().bytes_out > 0 && proxy.counts().bytes_back > 0);
}

#[tokio::test]
async fn what_passes_is_counted() {
    let setup = setup().await;
    let client = setup.connected().await;
    let counts = Counts {
        connections: 1,
        open: 1,
        bytes_out: 6,
        bytes_back: 6,
        faults: 0,
    };
    assert_eq!(setup.proxy.counts(), counts);
    drop(client);
    eventually(DEADLINE, "none open", async || {
        setup.proxy.counts().open == 0
    })
    .await;
    assert_eq!(setup.proxy.counts().faults, 0);
}

#[tokio::test]
async fn it_stands_before_its_server_does_and_moves_on_with_it() {
    let proxy = FaultProxy::start(Upstream::Nowhere).await;
    let connect = || async { TcpStream::connect(proxy.addr()).await.unwrap() };
    assert_eq!(hear(&mut connect().await).await.unwrap(), "");
    let (first, second) = (Echo::start().await, Echo::start().await);
    proxy.lead_to(first.addr);
    let mut old = connect().await;
    assert_eq!(say(&mut old, "one").await.unwrap(), "one");
    proxy.lead_to(second.addr);
    assert_eq!(say(&mut connect().await, "two").await.unwrap(), "two");
    assert_eq!(say(&mut old, "one").await.unwrap(), "one");
    assert_eq!((first.got(), second.got()), ("oneone".into(), "two".into()));
}

#[tokio::test]
async fn the_end_of_one_way_is_passed_on() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    client.shutdown().await.unwrap();
    assert_eq!(hear(&mut client).await.unwrap(), "bye");
    assert_eq!(hear(&mut client).await.unwrap(), "");
}

#[tokio::test]
async fn delay_holds_up_each_piece_both_ways() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    let base = Duration::from_millis(40);
    setup.proxy.set_mode(Mode::Delay {
        base,
        jitter: Duration::from_millis(5),
        seed: 1,
    });
    let began = Instant::now();
    assert_eq!(say(&mut client, "slow").await.unwrap(), "slow");
    assert!(began.elapsed() >= 2 * base, "{:?}", began.elapsed());
    assert_eq!(setup.proxy.counts().faults, 2);
}

#[tokio::test]
async fn refuse_closes_new_connections_only() {
    let setup = setup().await;
    let mut old = setup.connected().await;
    setup.proxy.set_mode(Mode::Refuse);
    assert_eq!(hear(&mut setup.connect().await).await.unwrap(), "");
    assert_eq!(say(&mut old, "still").await.unwrap(), "still");
    assert_eq!(setup.proxy.counts().faults, 1);
}

#[tokio::test]
async fn a_reset_at_connect_reaches_the_client_as_one() {
    let setup = setup().await;
    setup.proxy.reset_once(ResetAt::Connect);
    // Seen while connecting already, or at the first read.
    let heard = match TcpStream::connect(setup.proxy.addr()).await {
        Ok(mut client) => hear(&mut client).await,
        Err(error) => Err(error),
    };
    assert_eq!(kind(heard), ErrorKind::ConnectionReset);
    setup.connected().await;
}

#[tokio::test]
async fn a_reset_at_the_request_leaves_the_server_without_it() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    let mut bystander = setup.connected().await;
    setup.proxy.reset_once(ResetAt::Request);
    assert_eq!(
        kind(say(&mut client, "lost").await),
        ErrorKind::ConnectionReset
    );
    assert_eq!(say(&mut bystander, "later").await.unwrap(), "later");
    assert_eq!(setup.server.got(), "hello hello later");
    assert_eq!(setup.proxy.counts().faults, 1);
}

#[tokio::test]
async fn a_reset_at_the_reply_comes_after_the_request_arrived() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    setup.proxy.set_mode(Mode::Reset(ResetAt::Reply));
    assert_eq!(
        kind(say(&mut client, "done").await),
        ErrorKind::ConnectionReset
    );
    assert_eq!(setup.server.got(), "hello done");
    // Not once: as long as the mode stands.
    assert_eq!(
        kind(say(&mut setup.connect().await, "too").await),
        ErrorKind::ConnectionReset
    );
    setup.proxy.set_mode(Mode::Pass);
    setup.connected().await;
}

#[tokio::test]
async fn a_black_hole_that_heals_delivers_late() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    setup.proxy.set_mode(Mode::Blackhole);
    client.write_all(b"late").await.unwrap();
    let mut newcomer = setup.connect().await;
    newcomer.write_all(b"r").await.unwrap();
    setup.faults(2).await;
    assert_eq!(setup.server.got(), "hello ");
    setup.proxy.set_mode(Mode::Pass);
    assert_eq!(hear(&mut client).await.unwrap(), "late");
    assert_eq!(hear(&mut newcomer).await.unwrap(), "r");
}

#[tokio::test]
async fn a_lost_reply_is_withheld_and_cut() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    setup.proxy.set_mode(Mode::HalfOpen {
        withheld: Way::Back,
    });
    client.write_all(b"done").await.unwrap();
    setup.server_got("hello done").await;
    setup.faults(1).await;
    setup.proxy.cut();
    assert_eq!(hear(&mut client).await.unwrap(), "");
}

#[tokio::test]
async fn half_open_the_other_way_withholds_the_request() {
    let setup = setup().await;
    let mut client = setup.connected().await;
    setup.proxy.set_mode(Mode::HalfOpen { withheld: Way::Out });
    client.write_all(b"unheard").await.unwrap();
    setup.faults(1).await;
    setup.proxy.reset();
    assert_eq!(kind(hear(&mut client).await), ErrorKind::ConnectionReset);
    assert_eq!(setup.server.got(), "hello ");
}

#[tokio::test]
async fn cut_ends_what_is_open_and_nothing_later() {
    let setup = setup().await;
    let (mut one, mut other) = (setup.connected().await, setup.connected().await);
    setup.proxy.cut();
    assert_eq!(hear(&mut one).await.unwrap(), "");
    assert_eq!(hear(&mut other).await.unwrap(), "");
    eventually(DEADLINE, "none open", async || {
        setup.proxy.counts().open == 0
    })
    .await;
    setup.connected().await;
    assert_eq!(setup.proxy.counts().faults, 2);
}

#[tokio::test]
async fn a_dead_server_is_a_closed_connection() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let proxy = FaultProxy::start(nobody).await;
    let mut client = TcpStream::connect(proxy.addr()).await.unwrap();
    assert_eq!(hear(&mut client).await.unwrap(), "");
}
