# A private server for experiments in perl, and sessions with it through psql: no driver needed.
#
#   use lib dirname(__FILE__); use Server;
#   my $server = Server->start('wal_level=logical');       # removed when the program ends
#   my $session = $server->session('postgres');
#   my ($rows, $state) = $session->query('SELECT 1');      # rows: list of lists; state: SQLSTATE, '' or 'lost'
#   my $value = $session->value('SELECT 1');               # dies unless it succeeds
package Server;
use strict;
use warnings;
no warnings "nonchar";
use Cwd qw(abs_path);
use File::Basename qw(dirname);
use File::Path qw(remove_tree);
use File::Temp qw(tempdir);

our $top = abs_path(dirname(__FILE__) . '/../..');

sub start {
  my ($class, @settings) = @_;
  my $dir = tempdir('pgdr-experiment.XXXXXX', TMPDIR => 1);
  chmod 0711, $dir;
  my $self = bless {dir => $dir, pid => $$}, $class;
  local $SIG{INT} = local $SIG{TERM} = sub { exit 130 };
  system("$top/script/cluster", 'start', "$dir/server", @settings) == 0 or die "no server\n";
  # As the shell sees them.
  my $environment = qx(bash -c 'eval "\$("\$0" env "\$1")"; env -0' '$top/script/cluster' '$dir/server');
  for (split /\0/, $environment) {
    $ENV{$1} = $2 if /\A(PG\w+|PATH)=(.*)\z/s;
  }
  delete $ENV{PGDATABASE};
  return $self;
}

sub session { my ($self, $database) = @_; return Server::Session->new($database); }

# What the server wrote since it started.
sub log { my ($self) = @_; my $text = qx(cat '$self->{dir}/server/log' 2>/dev/null); return $text; }

sub DESTROY {
  my ($self) = @_;
  return if $$ != $self->{pid};
  local $?;
  system("$top/script/cluster remove '$self->{dir}/server' >/dev/null 2>&1");
  remove_tree($self->{dir});
}

package Server::Session;
use strict;
use warnings;
no warnings "nonchar";
use IPC::Open2;

my $field = "\x1f";
my $record = "\x1e";

sub new {
  my ($class, $database) = @_;
  my $self = bless {database => $database}, $class;
  $self->{pid} = open2(my $from, my $to, 'sh', '-c', 'exec psql -XqAt -d "$0" -F "$1" -R "$2" 2>&1', $database, $field, $record);
  @$self{qw(from to)} = ($from, $to);
  binmode $_, ':utf8' for $from, $to;
  select((select($to), $| = 1)[0]);
  $self->{number} = 0;
  print {$to} "\\set VERBOSITY sqlstate\n\\set ON_ERROR_STOP 0\nSET client_min_messages = error;\n";
  return $self;
}

# Nothing of the statement is a meta-command of psql: a backslash at the start of a line would be.
sub query {
  my ($self, $sql) = @_;
  my $end = 'end of ' . ++$self->{number} . " $$";
  local $SIG{PIPE} = 'IGNORE';
  my ($text, $to) = ('', $self->{to});
  # A pipe holds 64 kB: psql reads all of its input before it answers.
  print {$to} "$sql\n;\n\\echo '$end'\n" or return ([], 'lost');
  my $from = $self->{from};
  my $found = 0;
  while (defined(my $line = <$from>)) {
    if (index($line, $end) >= 0) { $found = 1; $text .= substr $line, 0, index($line, $end); last; }
    $text .= $line;
  }
  return ([], 'lost') if !$found || $text =~ /server closed the connection|connection to (?:the )?server was lost|no connection to the server/;
  if ($text =~ /^(?:psql:.*?: )?(?:ERROR|FATAL|PANIC):  (\w{5})$/m) { return ([], $1); }
  $text =~ s/\n\z//;
  return ([map { [split /$field/, $_, -1] } split /$record/, $text, -1], '');
}

sub value {
  my ($self, $sql) = @_;
  my ($rows, $state) = $self->query($sql);
  die "SQLSTATE $state: $sql\n" if $state ne '';
  return $rows->[0][0];
}

sub do_all { my ($self, @statements) = @_; $self->value($_) for @statements; }

sub DESTROY {
  my ($self) = @_;
  local $?;
  close $self->{to};
  close $self->{from};
  waitpid $self->{pid}, 0;
}

1;
