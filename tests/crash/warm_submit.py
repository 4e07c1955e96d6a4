"""What stands in for spark-submit: hands its arguments to the warm process and ends with its exit code.

    python warm_submit.py SOCKET --master ... s3://.../transform.py --run-id ...

Standard library only; the output of the step arrives on the same connection.
"""

import sys
from multiprocessing.connection import Client

with Client(sys.argv[1], "AF_UNIX") as connection:
    connection.send(sys.argv[2:])
    output, code = connection.recv()
sys.stdout.write(output)
sys.exit(code)
